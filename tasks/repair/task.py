"""Stage repair: the teacher repairs the wrong programs of a bucket's last round."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingRepair
from storage.tables import ATTEMPTS
from tasks.asking.ask import ask_model, write_answers
from tasks.models.settings import ModelSettings
from tasks.repair.recipe import repair_recipe
from tasks.repair.rows import questions, repair_rows, reply_of
from tasks.repair.settings import RepairSettings
from tasks.running import progress
from tasks.running.effects import model_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.plans import plan_row
from tasks.running.stage import stage


@stage("repair", "repair-r{order.round}-b{order.bucket:03d}")
def repair(order: Order[RepairSettings, ModelSettings]) -> int:
    """Repair the wrong programs of the round before `order.round`; return how many rows were added."""
    lake, settings = Lake(order.lake), order.settings
    with Catalog(lake, bucket=order.bucket) as catalog:
        upstream = plan_row(catalog, order.plan_id)["diagnose_recipe"] or ""
        pending = pending_rows(catalog, order.plan_id, PendingRepair, order.round)
    recipe = repair_recipe(settings, order.effect.name, model_for(order.effect).revision, upstream)
    asked = list(questions(pending, recipe, settings.repairs))
    if settings.chain == "one_reply":
        progress.expect("repair", len(pending))
        return write_answers(lake, recipe, asked, map(reply_of, pending), ATTEMPTS, repair_rows, "repair")
    return ask_model(lake, order.effect, recipe, asked, ATTEMPTS, repair_rows, "repair")
