"""What a run says of itself: the funnel, the throughput, and both as artifacts in Prefect's UI."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from prefect.artifacts import create_table_artifact

from storage.catalog import Catalog, statement
from storage.lake import Lake
from tasks.ingest.task import Ingested
from tasks.plan import Plan, generate_recipe, values
from tasks.running.effects import opened_models
from tasks.settings import Product

PREFERENCE = ("preference_correctness", "preference_efficiency", "preference_kto")
TAUGHT = ("diagnoses", "explained", "repairs", "verified_repairs", "mended")  # steps that the teacher does
WRITTEN = ("attempts", "without_code", "right_at_once", "wrong", "wrong_distinct", "test_answers", "tests_found")
OF = {
    "without_code": "attempts", "right_at_once": "attempts", "wrong": "attempts", "wrong_distinct": "wrong",
    "explained": "diagnoses", "verified_repairs": "repairs", "mended": "wrong_distinct",
    "tests_kept": "tests_found", "constant_tests": "tests_kept", "programs_scored": "attempts",
    "told_apart": "problems",
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """Counts of a finished run."""

    lake: str
    products: tuple[Product, ...]
    selection_id: str
    dropped_lines: int
    model: str
    teacher: str
    recipe_id: str
    """Of the first attempts."""
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
        return self.teacher if step in TAUGHT else self.model if step in WRITTEN else ""


def _line(step: str, count: int, by: str = "", of: str = "", base: int = 0) -> dict[str, Any]:
    return {"step": step, "count": count, "of": of, "rate": round(count / base, 4) if base else None, "model": by}


def report(plan: Plan, found: Ingested) -> Report:
    """Ask the lake how far it has come."""
    lake = Lake(plan.lake)
    with Catalog(lake) as catalog:
        funnel = catalog.rows(statement("funnel_of_plan"), **values(plan))[0]
        if "debugging" not in plan.products:
            funnel = {step: count for step, count in funnel.items() if step not in TAUGHT}
        if "preference" in plan.products:
            funnel |= catalog.rows(statement("funnel_of_preference"), **values(plan))[0]
        examples = _examples(catalog, plan.products)
        versions = catalog.versions
    models = [{"name": model.name, **asdict(model.stats())} for model in opened_models()]
    return Report(
        lake=plan.lake.path,
        products=plan.products,
        selection_id=plan.selection_id,
        dropped_lines=found.dropped,
        model=plan.model.name,
        teacher=plan.teacher.name,
        recipe_id=generate_recipe(plan).recipe_id,
        funnel=funnel,
        examples=examples,
        models=models,
        versions=versions,
    )


def _examples(catalog: Catalog, products: Sequence[Product]) -> dict[str, int]:
    """Examples by form or data set, of what the products make."""
    found: list[dict[str, Any]] = []
    if "debugging" in products:
        found += catalog.rows("select form, count(*) as n from debugging_sft group by form order by form")
    if "preference" in products:
        for name in PREFERENCE:
            found += catalog.rows(f"select '{name}' as form, count(*) as n from {name}")  # noqa: S608 our own names
    return {row["form"]: row["n"] for row in found}


def publish_funnel(made: Report) -> None:
    """The funnel as a table artifact of the flow run."""
    create_table_artifact(made.table(), key="funnel", description=f"Lake {made.lake}: from problems to examples")
