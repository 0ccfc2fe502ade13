"""The report of a run: the funnel, the examples, and the use of the models."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypedDict, cast

from prefect.artifacts import create_table_artifact

from flows.config import RefreshConfig
from storage.catalog import Catalog
from storage.errors import ModelError
from storage.lake import Lake
from storage.products import Product
from storage.rows import PlanRow
from storage.statements import load_statement
from tasks.asking.recipes import Recipe
from tasks.ingest.rows import DropCount
from tasks.mining.recipes import mining_recipes
from tasks.running.effects import model_for, opened_models

PREFERENCE = ("preference_correctness", "preference_efficiency", "preference_kto")
BY_TEACHER = ("diagnoses", "explained", "repairs", "verified_repairs", "repaired")
BY_MODEL = ("attempts", "without_code", "right_at_once", "wrong", "wrong_distinct", "test_answers", "tests_found")
BASE_OF = {
    "without_code": "attempts", "right_at_once": "attempts", "wrong": "attempts", "wrong_distinct": "wrong",
    "explained": "diagnoses", "verified_repairs": "repairs", "repaired": "wrong_distinct",
    "tests_kept": "tests_found", "constant_tests": "tests_kept", "programs_scored": "attempts",
    "told_apart": "problems",
}  # fmt: skip
"""Name of the step that the rate of each step is a share of."""


ANSWERS = {"generate": "attempts", "write_tests": "test_answers", "diagnose": "diagnoses", "repair": "repairs"}
"""Step of the funnel that counts the answers of each stage that asks a model."""


class UnansweredError(ModelError):
    """A run is over and written, but its models left too much unanswered (exit status 1).

    Attributes:
        report: report of the run.
    """

    def __init__(self, message: str, report: "Report") -> None:
        super().__init__(message)
        self.report = report


class UnansweredLine(TypedDict):
    """Samples that one stage lacks for one reason: `refused` by the server, or `failed` in every attempt."""

    stage: str
    status: str
    samples: int
    problems: int
    examples: list[str]
    """Names of up to three of these problems in their source."""
    words: str
    """The server's words, or what was wrong with its last response, as most of them have it."""


class FunnelLine(TypedDict):
    """One step of the funnel."""

    step: str
    count: int
    of: str
    rate: float | None
    model: str


@dataclass(frozen=True)
class Report:
    """Counts of a finished run."""

    lake: str
    products: tuple[Product, ...]
    plan_id: str
    selection_id: str
    dropped_lines: int
    """Rows of the sources that yielded no problem."""
    model: str
    teacher: str
    recipe_id: str
    """Recipe of the first attempts."""
    funnel: dict[str, int]
    examples: dict[str, int]
    """Examples by form or dataset."""
    unanswered: list[UnansweredLine] = field(default_factory=list)
    """What the next run asks for again."""
    fault: str = ""
    """Why the run counts as failed although it is written; empty where it does not."""
    models: list[dict[str, object]] = field(default_factory=list)
    """Name and counters of every model that was opened."""
    versions: dict[str, int] = field(default_factory=dict)
    """Versions of the tables that were read."""
    drops: list[DropCount] = field(default_factory=list)
    """What this run's sources and the stages left out, by stage and reason."""

    def table(self) -> list[FunnelLine]:
        """Return the funnel as lines: step, count, the step it is a share of, and the model behind it."""
        lines = [
            _line(step, count, self._by(step), BASE_OF.get(step, ""), self.funnel.get(BASE_OF.get(step, ""), 0))
            for step, count in self.funnel.items()
        ]
        return lines + [_line(f"examples: {form}", count) for form, count in self.examples.items()]

    def _by(self, step: str) -> str:
        return self.teacher if step in BY_TEACHER else self.model if step in BY_MODEL else ""


def _line(step: str, count: int, by: str = "", of: str = "", base: int = 0) -> FunnelLine:
    return {"step": step, "count": count, "of": of, "rate": round(count / base, 4) if base else None, "model": by}


def funnel_of(catalog: Catalog, plan_id: str, products: Sequence[str]) -> dict[str, int]:
    """Return how many problems, programs and tests of a plan reached each step."""
    funnel: dict[str, int] = catalog.rows("from funnel_of($plan)", plan=plan_id)[0]
    if "debugging" not in products:
        funnel = {step: count for step, count in funnel.items() if step not in BY_TEACHER}
    if "preference" in products:
        funnel |= catalog.rows("from preference_funnel_of($plan)", plan=plan_id)[0]
    return funnel


def make_report(config: RefreshConfig, plan: PlanRow, drops: Sequence[DropCount]) -> Report:
    """Return the report of a plan as the lake holds it now; write its funnel as a table artifact of the flow run."""
    with Catalog(Lake(config.lake)) as catalog:
        funnel = funnel_of(catalog, plan["plan_id"], config.products)
        examples = _examples(catalog, config.products)
        recipes = [recipe.recipe_id for recipe in _mining_recipes(config)]
        lacking = catalog.rows(load_statement("unanswered_of_run"), plan=plan["plan_id"], recipes=recipes)
        unanswered = [cast(UnansweredLine, line) for line in lacking]
        answers = {stage: funnel.get(step, 0) for stage, step in ANSWERS.items()}
        mined = "select 'mining ' || step as stage, count(*) as n from ideas where list_contains($recipes, recipe_id)"
        answers |= {row["stage"]: row["n"] for row in catalog.rows(f"{mined} group by step", recipes=recipes)}
        left_out = [cast(DropCount, row) for row in catalog.rows(load_statement("drops_of_run"), plan=plan["plan_id"])]
        versions = catalog.versions
    report = Report(
        lake=config.lake.path,
        products=config.products,
        plan_id=plan["plan_id"],
        selection_id=plan["selection_id"],
        dropped_lines=sum(drop["count"] for drop in drops),
        model=model_for(config.model).name,
        teacher=model_for(config.explains_and_repairs).name,
        recipe_id=plan["generate_recipe"],
        funnel=funnel,
        examples=examples,
        unanswered=unanswered,
        fault=find_fault(answers, unanswered, config.max_failed),
        models=[{"name": model.name, **asdict(model.stats())} for model in opened_models()],
        versions=versions,
        drops=[*drops, *left_out],
    )
    table = [dict(line) for line in report.table()]
    create_table_artifact(table, key="funnel", description=f"Lake {report.lake}: from problems to examples")
    return report


def describe_unanswered(line: UnansweredLine) -> str:
    """Return one line about what a stage lacks."""
    unnamed = line["problems"] - len(line["examples"])
    examples = ", ".join(line["examples"]) + (f" and {unnamed} more" if unnamed else "")
    return f"{line['stage']}: {line['samples']} {line['status']} ({examples}): {line['words']}"


def find_fault(answers: Mapping[str, int], unanswered: Sequence[UnansweredLine], max_failed: float) -> str:
    """Return in one line why a run lacks too much; empty where it does not.

    It lacks too much where more failed than `max_failed` allows, or where a stage got no answer, only refusals.

    Args:
        answers: number of answers by stage.
    """
    samples = sum(answers.values()) + sum(line["samples"] for line in unanswered)
    failed = [line for line in unanswered if line["status"] == "failed"]
    count = sum(line["samples"] for line in failed)
    if count > max_failed * samples:
        return (
            f"{count} of {samples} samples failed ({count / samples:.0%}, max_failed={max_failed:g}); "
            f"{describe_unanswered(max(failed, key=lambda line: line['samples']))}; the next run asks again"
        )
    for line in unanswered:
        if not answers.get(line["stage"]):
            return f"no answer at all; {describe_unanswered(line)}; the next run asks again"
    return ""


def _mining_recipes(config: RefreshConfig) -> Sequence[Recipe]:
    model = model_for(config.model)
    return mining_recipes(config.mining, model.name, model.revision) if config.code else ()


def _examples(catalog: Catalog, products: Sequence[Product]) -> dict[str, int]:
    examples: dict[str, int] = {}
    if "debugging" in products:
        rows = catalog.rows("select form, count(*) as n from debugging_sft group by form order by form")
        examples |= {row["form"]: row["n"] for row in rows}
    if "preference" in products:
        for name in PREFERENCE:
            [count] = catalog.rows(f"select count(*) as n from {name}")  # noqa: S608 names from PREFERENCE
            examples[name] = count["n"]
    return examples
