"""Stage diagnose: the teacher explains the failures of a bucket's last round."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingDiagnose
from storage.tables import DIAGNOSES
from tasks.asking.ask import ask_model
from tasks.diagnose.recipe import diagnose_recipe
from tasks.diagnose.rows import diagnosis_rows, questions
from tasks.diagnose.settings import DiagnoseSettings
from tasks.models.settings import ModelSettings
from tasks.running.effects import model_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("diagnose", "diagnose-r{order.round}-b{order.bucket:03d}")
def diagnose(order: Order[DiagnoseSettings, ModelSettings]) -> int:
    """Explain the wrong programs of the round before `order.round`; return how many rows were added."""
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingDiagnose, order.round)
    recipe = diagnose_recipe(order.settings, order.effect.name, model_for(order.effect).revision)
    asked = questions(pending, recipe, order.settings.diagnoses)
    return ask_model(lake, order.effect, recipe, asked, DIAGNOSES, diagnosis_rows, "diagnose")
