"""What a run is about to do: the settings of the stages, and the addresses that follow from them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from storage.ids import content_id
from storage.lake import LakeSettings
from storage.settings import Settings
from tasks.models.protocol import Sampling
from tasks.models.settings import ModelSettings
from tasks.prompts import Template, load_template
from tasks.recipes import Recipe
from tasks.sandbox.factory import SandboxSettings
from tasks.sandbox.protocol import JUDGE_VERSION

_HERE = Path(__file__).parent
MUTATOR_VERSION = 1
"""Raised by whoever changes which mutants some program has, or in which order they are taken."""


class GenerateSettings(Settings):
    """First attempts."""

    samples: int = Field(8, ge=1, le=10_000)
    """Programs per problem (LeDex: 20)."""
    template: str = "chat"
    """`chat`, `three_shot` (as LeDex samples), or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=1.0, max_tokens=512)
    """LeDex: T = 1.0."""
    skip_failed_references: bool = True
    """Write nothing for a problem whose own reference fails its tests: passes would mean nothing there."""


class RepairSettings(Settings):
    """Diagnosis and repair of wrong programs, round by round."""

    rounds: int = Field(1, ge=0, le=10)
    """0 only judges. From round 2 on, only failures that no repair has mended yet get another one."""
    chain: Literal["two_calls", "one_reply", "direct"] = "two_calls"
    """two_calls: explain, then repair given the explanation. one_reply: both in one answer. direct: no explanation."""
    diagnoses: int = Field(1, ge=1, le=100)
    """Explanations per wrong program (two_calls only)."""
    repairs: int = Field(2, ge=1, le=1000)
    """Repairs per explanation, or per wrong program where the chain is one_reply or direct (LeDex: 10)."""
    diagnose_template: str | None = None
    """Default: `explain` for two_calls, `explain_and_repair` for one_reply; or a path to a .jinja file."""
    repair_template: str | None = None
    """Default: `repair` for two_calls, `direct` for direct; or a path to a .jinja file."""
    diagnose_sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8."""
    repair_sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8."""


class StrengthSettings(Settings):
    """How well the problems' own tests tell wrong programs from right ones."""

    mutants: int = Field(0, ge=0, le=1000)
    """Wrong versions of each problem's reference to judge by its tests (view test_strength); 0 measures nothing."""


class WriteSettings(Settings):
    """How often a stage commits; what kill -9 can cost at most."""

    batch_rows: int = Field(64, ge=1)
    """Rows per commit."""
    batch_s: float = Field(10.0, gt=0)
    """Seconds after which a smaller batch is committed too."""


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
    generate: GenerateSettings
    repair: RepairSettings
    strength: StrengthSettings
    write: WriteSettings


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


def diagnoses_wanted(plan: Plan) -> int:
    """Answers asked per wrong program by the stage diagnose."""
    return plan.repair.repairs if plan.repair.chain == "one_reply" else plan.repair.diagnoses


def suite_id(plan: Plan) -> str:
    """The problem's own tests under the limits in force, run so often; any of it changed means new verdicts."""
    sandbox = plan.sandbox
    limits = sandbox.limits.model_dump(mode="json")
    return content_id("suite", tests="given", limits=limits, reruns=sandbox.reruns, shared=sandbox.shared,
        packages=str(sandbox.packages or ""),
    )  # fmt: skip


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
