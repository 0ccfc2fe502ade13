"""Turn a config into a row of `plans`: the ids and numbers that decide which rows a run has to write."""

from dataclasses import dataclass
from datetime import datetime

from flows.config import RefreshConfig
from judge.protocol import JUDGE_VERSION
from storage.catalog import Catalog
from storage.ids import canonical_json, content_id
from storage.lake import Lake
from storage.plan_tables import PLANS
from storage.rows import PlanRow
from tasks.asking.recipes import Recipe
from tasks.diagnose import recipe as diagnose
from tasks.generate import recipe as generate
from tasks.mining.recipes import check_templates as check_mining_templates
from tasks.models.protocol import Model
from tasks.mutating.bugs import BUGS_VERSION
from tasks.mutating.mutate import MUTATOR_VERSION
from tasks.repair import recipe as repair
from tasks.running.conditions import conditions_id, suite_id
from tasks.running.effects import model_for
from tasks.score.rankers import SCORERS
from tasks.timing.measure import EFFICIENCY
from tasks.timing.rows import timing_id
from tasks.write_tests import recipe as write_tests

BUG_COLUMNS = {"bugs", "bug_programs", "bugs_version"}


@dataclass(frozen=True)
class Recipes:
    """Recipes of the prompts that a run sends to its models."""

    generate: Recipe
    write_tests: Recipe
    diagnose: Recipe | None
    repair: Recipe


def recipes_of(config: RefreshConfig) -> Recipes:
    """Return the recipes of a config; download weights that are missing, because their revision is part of the recipes.

    Raises:
        ConfigError: a template cannot be read.
    """
    return _recipes(config, model_for(config.model), model_for(config.explains_and_repairs))


def _recipes(config: RefreshConfig, model: Model, teacher: Model) -> Recipes:
    explain = None
    if config.diagnose_in_chain:
        explain = diagnose.diagnose_recipe(config.diagnose_in_chain, teacher.name, teacher.revision)
    upstream = explain.recipe_id if explain else ""
    return Recipes(
        generate=generate.generate_recipe(config.generate, model.name, model.revision),
        write_tests=write_tests.write_tests_recipe(config.write_tests, model.name, model.revision),
        diagnose=explain,
        repair=repair.repair_recipe(config.repair_in_chain, teacher.name, teacher.revision, upstream),
    )


def check_templates(config: RefreshConfig) -> None:
    """Render every template once.

    Raises:
        ConfigError: a template is missing, broken or names an unknown value.
    """
    recipes = recipes_of(config)
    recipes.generate.template.render(dict.fromkeys(generate.GAPS, ""))
    recipes.write_tests.template.render(dict.fromkeys(write_tests.GAPS, ""))
    if recipes.diagnose:
        recipes.diagnose.template.render(dict.fromkeys(diagnose.GAPS, ""))
    recipes.repair.template.render(dict.fromkeys(repair.GAPS, ""))
    check_mining_templates(config.mining)


def make_plan(config: RefreshConfig, selection_id: str, created_at: datetime) -> PlanRow:
    """Return the row of a config's plan for one selection of problems."""
    recipes, judge = recipes_of(config), config.sandbox
    explain = config.diagnose_in_chain
    row: PlanRow = {
        "plan_id": "",
        "bucket": 0,
        "products": sorted(config.products),
        "selection_id": selection_id,
        "judge_version": JUDGE_VERSION,
        "conditions_id": conditions_id(judge, judge.limits),
        "suite_id": suite_id(judge),
        "generate_recipe": recipes.generate.recipe_id,
        "samples": config.generate.samples,
        "skip_failed_references": config.generate.skip_failed_references,
        "chain": config.repair.chain,
        "rounds": config.repair.rounds,
        "diagnose_recipe": recipes.diagnose.recipe_id if recipes.diagnose else None,
        "diagnoses": (explain or config.diagnose).diagnoses,
        "repair_recipe": recipes.repair.recipe_id,
        "repairs": config.repair.repairs,
        "tests_recipe": recipes.write_tests.recipe_id,
        "tests_samples": config.write_tests.samples,
        "tests_per_problem": config.write_tests.tests,
        "matrix_conditions_id": conditions_id(judge, config.matrix.limits),
        "scorers": [SCORERS[scorer] for scorer in config.score.scorers],
        "score_settings": canonical_json(config.score.model_dump(mode="json", exclude={"scorers"})),
        "timing_id": timing_id(config.timing, judge),
        "timed_scorer": SCORERS["self_validation"],
        "timing_scorer": EFFICIENCY,
        "timed_programs": config.timing.programs,
        "mutants": config.mutation.mutants,
        "mutator_version": MUTATOR_VERSION,
        "bugs": config.inject.bugs or None,
        "bug_programs": config.inject.programs if config.inject.bugs else None,
        "bugs_version": BUGS_VERSION if config.inject.bugs else None,
        "settings": canonical_json(_settings_for_people(config, recipes)),
        "created_at": created_at,
    }
    # A plan without bugs keeps the address that it had before there were any.
    unaddressed = {"plan_id", "bucket", "settings", "created_at"} | (set() if row["bugs"] else BUG_COLUMNS)
    row["plan_id"] = content_id("plan", **{name: value for name, value in row.items() if name not in unaddressed})
    return row


def write_plan(lake: Lake, plan: PlanRow) -> None:
    """Write a plan that the lake does not hold yet; the caller holds the lake exclusively."""
    with Catalog(lake) as catalog:
        if catalog.rows("select 1 as held from plans where plan_id = $plan", plan=plan["plan_id"]):
            return
    lake.append(PLANS, [plan])


def _settings_for_people(config: RefreshConfig, recipes: Recipes) -> dict[str, object]:
    stages = {"generate", "diagnose", "repair", "write_tests", "matrix", "score", "timing", "mutation", "inject"}
    models = {"model": recipes.generate, "teacher": recipes.repair}
    named = {role: {"name": recipe.model, "revision": recipe.revision} for role, recipe in models.items()}
    limits = config.sandbox.limits.model_dump(mode="json")
    return {**named, "limits": limits, **config.model_dump(mode="json", include=stages)}
