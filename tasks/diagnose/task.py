"""Stage diagnose: the teacher explains the failures of a bucket's last round."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import DIAGNOSES
from tasks.diagnose.rows import diagnosis, prompts
from tasks.plan import Plan, diagnose_recipe, diagnoses_wanted
from tasks.running import progress
from tasks.running.commits import append_all
from tasks.running.effects import model_for
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("diagnose", "diagnose-r{round_}-b{bucket:03d}")
def diagnose(plan: Plan, bucket: int, round_: int) -> int:
    """Explain the wrong programs of round `round_ - 1`; returns how many rows were added."""
    recipe = diagnose_recipe(plan)
    if recipe is None:
        return 0
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = pending_rows(catalog, plan, "diagnose", round_)
    asked = {p.key: p for p in prompts(pending, recipe, diagnoses_wanted(plan))}
    wrong = {row["attempt_id"]: row for row in pending}
    progress.expect("diagnose", sum(len(p.sample_indices) for p in asked.values()))
    answers = model_for(plan.teacher).complete(asked.values(), recipe.sampling) if asked else ()
    rows = (diagnosis(wrong[a.key], asked[a.key], a, recipe) for a in answers)
    return append_all(lake, DIAGNOSES, rows, plan.write, "diagnose")
