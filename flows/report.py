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

TAUGHT = ("diagnoses", "explained", "repairs", "verified_repairs", "mended")  # steps that the teacher does
OF = {
    "without_code": "attempts", "right_at_once": "attempts", "wrong": "attempts", "wrong_distinct": "wrong",
    "explained": "diagnoses", "verified_repairs": "repairs", "mended": "wrong_distinct",
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """Counts of a finished run."""

    lake: str
    selection_id: str
    dropped_lines: int
    model: str
    teacher: str
    funnel: dict[str, int]
    examples: dict[str, int]
    models: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def table(self) -> list[dict[str, Any]]:
        """The funnel as rows of step, who did it, count and share of the step it comes from."""
        rows = [
            _line(step, count, self._by(step), OF.get(step, ""), self.funnel.get(OF.get(step, ""), 0))
            for step, count in self.funnel.items()
        ]
        return rows + [_line(f"examples: {form}", count) for form, count in self.examples.items()]

    def _by(self, step: str) -> str:
        if step in ("problems", "infra", "unjudged"):
            return ""
        return self.teacher if step in TAUGHT else self.model


def _line(step: str, count: int, by: str = "", of: str = "", base: int = 0) -> dict[str, Any]:
    return {"step": step, "count": count, "of": of, "rate": round(count / base, 4) if base else None, "model": by}


def report(plan: Plan, found: Ingested) -> Report:
    """Ask the lake how far it has come."""
    lake = Lake(plan.lake)
    with Catalog(lake) as catalog:
        funnel = catalog.rows(statement("funnel_of_plan"), **values(plan))[0]
        forms = catalog.rows("select form, count(*) as n from debugging_sft group by form order by form")
        versions = catalog.versions
    models = [{"name": model.name, **asdict(model.stats())} for model in opened_models()]
    examples = {row["form"]: row["n"] for row in forms}
    return Report(
        lake=plan.lake.path,
        selection_id=plan.selection_id,
        dropped_lines=found.dropped,
        model=plan.model.name,
        teacher=plan.teacher.name,
        funnel=funnel,
        examples=examples,
        models=models,
        versions=versions,
    )


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
