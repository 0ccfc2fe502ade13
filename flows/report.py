"""What a run says of itself: the funnel, the throughput, and both as artifacts in Prefect's UI."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact

from storage.catalog import Catalog, statement
from storage.lake import Lake
from tasks.effects import opened_models
from tasks.ingest.task import Ingested
from tasks.plan import Plan, values


@dataclass(frozen=True)
class Report:
    """Counts of a finished run."""

    lake: str
    selection_id: str
    dropped_lines: int
    funnel: dict[str, int]
    examples: dict[str, int]
    models: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def table(self) -> list[dict[str, Any]]:
        """The funnel as rows of step, count and share of the step it comes from."""
        of = {
            "without_code": "attempts", "right_at_once": "attempts", "wrong": "attempts", "wrong_distinct": "wrong",
            "explained": "diagnoses", "verified_repairs": "repairs", "mended": "wrong_distinct",
        }  # fmt: skip
        rows = []
        for step, count in self.funnel.items():
            base = self.funnel[of[step]] if step in of else 0
            rows.append(
                {"step": step, "count": count, "of": of.get(step, ""), "rate": round(count / base, 4) if base else None}
            )
        return rows + [
            {"step": f"examples: {form}", "count": n, "of": "", "rate": None} for form, n in self.examples.items()
        ]


def report(plan: Plan, found: Ingested) -> Report:
    """Ask the lake how far it has come."""
    lake = Lake(plan.lake)
    with Catalog(lake) as catalog:
        funnel = catalog.rows(statement("funnel_of_plan"), **values(plan))[0]
        forms = catalog.rows("select form, count(*) as n from debugging_sft group by form order by form")
        versions = catalog.versions
    models = [{"name": model.name, **asdict(model.stats())} for model in opened_models()]
    examples = {row["form"]: row["n"] for row in forms}
    return Report(plan.lake.path, plan.selection_id, found.dropped, funnel, examples, models, versions)


def publish_funnel(made: Report) -> None:
    """The funnel as a table artifact of the flow run."""
    create_table_artifact(made.table(), key="funnel", description=f"Lake {made.lake}: from problems to examples")


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[], None]]:
    """A progress artifact of the flow run; the yielded function counts one finished task.

    At most one update a second: each is a request to Prefect's server.
    """
    artifact = create_progress_artifact(0.0 if total else 100.0, key="progress", description="finished tasks")
    done, last = 0, time.monotonic()

    def advance() -> None:
        nonlocal done, last
        done += 1
        if done == total or time.monotonic() - last > 1:
            update_progress_artifact(artifact, round(100 * done / total, 1))  # type: ignore[arg-type]
            last = time.monotonic()

    yield advance
