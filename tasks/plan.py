"""What a run is about to do, and the addresses that follow from it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION, Limits
from storage.ids import canonical, content_id
from storage.lake import LakeSettings
from storage.settings import Settings
from tasks.asking.recipes import Recipe
from tasks.asking.templates import Template, load_template
from tasks.models.settings import ModelSettings
from tasks.mutation.mutate import MUTATOR_VERSION
from tasks.score.rankers import SCORERS
from tasks.settings import (
    GenerateSettings,
    MatrixSettings,
    Product,
    RepairSettings,
    ScoreSettings,
    StrengthSettings,
    TestsSettings,
    TimeSettings,
    WriteSettings,
)
from tasks.timing.measure import EFFICIENCY

_HERE = Path(__file__).parent


class Plan(Settings):
    """Everything a stage needs to find its work; small, since Prefect passes it to every task."""

    lake: LakeSettings
    selection_id: str
    """Which problems (table selections)."""
    model: ModelSettings
    """Writes first attempts."""
    model_revision: str
    """What its weights really are: a quantised copy makes other rows than the original."""
    teacher: ModelSettings
    """Explains and repairs."""
    teacher_revision: str
    """The same of the teacher's weights."""
    sandbox: SandboxSettings
    products: tuple[Product, ...] = ("debugging",)
    """What is made: a stage that no product needs is not run."""
    generate: GenerateSettings = GenerateSettings()
    repair: RepairSettings = RepairSettings()
    strength: StrengthSettings = StrengthSettings()
    tests: TestsSettings = TestsSettings()
    matrix: MatrixSettings = MatrixSettings()
    score: ScoreSettings = ScoreSettings()
    time: TimeSettings = TimeSettings()
    write: WriteSettings = WriteSettings()


@cache
def _template(stage: str, name: str) -> Template:
    return load_template(_HERE / stage, name)


def generate_recipe(plan: Plan) -> Recipe:
    """How first attempts are made."""
    template = _template("generate", plan.generate.template)
    return Recipe("generate", template, plan.model.name, plan.model_revision, plan.generate.sampling)


def diagnose_recipe(plan: Plan) -> Recipe | None:
    """How explanations are made; none where the chain is direct."""
    if plan.repair.chain == "direct":
        return None
    default = "explain" if plan.repair.chain == "two_calls" else "explain_and_repair"
    template = _template("diagnose", plan.repair.diagnose_template or default)
    return Recipe("diagnose", template, plan.teacher.name, plan.teacher_revision, plan.repair.diagnose_sampling)


def repair_recipe(plan: Plan) -> Recipe:
    """How repairs are made; in one reply they are part of the diagnosis, and share its template and sampling."""
    diagnose = diagnose_recipe(plan)
    upstream = diagnose.recipe_id if diagnose else ""
    if plan.repair.chain == "one_reply" and diagnose:
        return Recipe("repair", diagnose.template, diagnose.model, diagnose.revision, diagnose.sampling, upstream)
    default = "direct" if plan.repair.chain == "direct" else "repair"
    template = _template("repair", plan.repair.repair_template or default)
    sampling = plan.repair.repair_sampling
    return Recipe("repair", template, plan.teacher.name, plan.teacher_revision, sampling, upstream)


def check_templates(plan: Plan) -> None:
    """Render every template of the plan once; raises ConfigError where one is missing, broken or names what is not."""
    shown = {"prompt": "", "interface": ""}
    generate_recipe(plan).template.render(shown)
    shown |= {"code": "", "feedback": ""}
    if diagnose := diagnose_recipe(plan):
        diagnose.template.render(shown)
    repair_recipe(plan).template.render({**shown, "explanation": ""})
    tests_recipe(plan).template.render({"prompt": "", "interface": "", "entry_point": ""})


def diagnoses_wanted(plan: Plan) -> int:
    """Answers asked per wrong program by the stage diagnose."""
    return plan.repair.repairs if plan.repair.chain == "one_reply" else plan.repair.diagnoses


def tests_recipe(plan: Plan) -> Recipe:
    """How tests are written."""
    template = _template("write_tests", plan.tests.template)
    return Recipe("write_tests", template, plan.model.name, plan.model_revision, plan.tests.sampling)


def conditions_id(plan: Plan, limits: Limits) -> str:
    """Under what programs are judged, whatever the tests; any of it changed means new verdicts."""
    sandbox = plan.sandbox
    return content_id("conditions", limits=limits.model_dump(mode="json"), reruns=sandbox.reruns,
        shared=sandbox.shared, packages=str(sandbox.packages or ""),
    )  # fmt: skip


def suite_id(plan: Plan) -> str:
    """The problem's own tests under the limits in force, run so often."""
    return content_id("suite", tests="given", conditions=conditions_id(plan, plan.sandbox.limits))


def time_id(plan: Plan) -> str:
    """How programs are timed and told apart; any of it changed means that problems are ranked anew."""
    how = plan.time.model_dump(mode="json")
    return content_id("time", scorer=EFFICIENCY, settings=how, conditions=conditions_id(plan, plan.time.limits))


def values(plan: Plan) -> dict[str, Any]:
    """What the SQL of the stages may name by `$`."""
    diagnose = diagnose_recipe(plan)
    return {
        "selection": plan.selection_id,
        "generate_recipe": generate_recipe(plan).recipe_id,
        "samples": plan.generate.samples,
        "skip_failed_references": plan.generate.skip_failed_references,
        "diagnose_recipe": diagnose.recipe_id if diagnose else "",
        "diagnoses": diagnoses_wanted(plan),
        "repair_recipe": repair_recipe(plan).recipe_id,
        "repairs": plan.repair.repairs,
        "rounds": plan.repair.rounds,
        "chain": plan.repair.chain,
        "mutants": plan.strength.mutants,
        "mutator_version": MUTATOR_VERSION,
        "suite": suite_id(plan),
        "conditions": conditions_id(plan, plan.sandbox.limits),
        "tests_recipe": tests_recipe(plan).recipe_id,
        "tests_samples": plan.tests.samples,
        "tests_wanted": plan.tests.wanted,
        "matrix_conditions": conditions_id(plan, plan.matrix.limits),
        "scorers": [SCORERS[scorer] for scorer in plan.score.scorers],
        "score_settings": canonical(plan.score.model_dump(mode="json", exclude={"scorers"})),
        "self_validation": SCORERS["self_validation"],
        "efficiency": EFFICIENCY,
        "time_id": time_id(plan),
        "time_programs": plan.time.programs,
        "judge_version": JUDGE_VERSION,
    }


def attempt_id(
    problem_id: str, recipe_id: str, sample_index: int, parent: str | None = None, diagnosis: str | None = None
) -> str:
    """Address of a program by what it was asked for; the program itself is not known yet."""
    return content_id(
        "attempt", problem=problem_id, recipe=recipe_id, sample=sample_index, parent=parent, diagnosis=diagnosis
    )


def missing(wanted: int, present: Sequence[int]) -> tuple[int, ...]:
    """Sample indices below `wanted` that are not there yet."""
    have = set(present)
    return tuple(index for index in range(wanted) if index not in have)
