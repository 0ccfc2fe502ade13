"""Stage repair: the teacher mends the wrong programs of a bucket's last round."""

from collections.abc import Iterator

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import ATTEMPTS
from tasks.models.protocol import Completion
from tasks.plan import Plan, repair_recipe
from tasks.repair.rows import key, prompts, repair, replied
from tasks.running import progress
from tasks.running.commits import append_all
from tasks.running.effects import model_for
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("repair", "repair-r{round_}-b{bucket:03d}")
def mend(plan: Plan, bucket: int, round_: int) -> int:
    """Repair the wrong programs of round `round_ - 1`; returns how many rows were added."""
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = {key(row): row for row in pending_rows(catalog, plan, "repair", round_)}
    recipe = repair_recipe(plan)
    asked = {p.key: p for p in prompts(pending.values(), recipe, plan.repair.repairs)}
    if not asked:
        return 0
    if plan.repair.chain == "one_reply":
        progress.expect("repair", len(pending))
        answers: Iterator[Completion] = map(replied, pending.values())
    else:
        progress.expect("repair", sum(len(p.sample_indices) for p in asked.values()))
        answers = model_for(plan.teacher).complete(asked.values(), recipe.sampling)
    rows = (repair(pending[a.key], asked[a.key], a, recipe, round_) for a in answers)
    return append_all(lake, ATTEMPTS, rows, plan.write, "repair")
