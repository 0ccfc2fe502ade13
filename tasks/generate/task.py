"""Stage generate: the model writes the first attempts that a bucket lacks."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingGenerate
from storage.tables import ATTEMPTS
from tasks.asking.ask import ask_model
from tasks.generate.recipe import generate_recipe
from tasks.generate.rows import attempt_rows, questions
from tasks.generate.settings import GenerateSettings
from tasks.models.settings import ModelSettings
from tasks.running.effects import model_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("generate", "generate-b{order.bucket:03d}")
def generate(order: Order[GenerateSettings, ModelSettings]) -> int:
    """Write the first attempts that a bucket lacks; return how many rows were added."""
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingGenerate)
    recipe = generate_recipe(order.settings, order.effect.name, model_for(order.effect).revision)
    asked = questions(pending, recipe, order.settings.samples)
    return ask_model(lake, order.effect, recipe, asked, ATTEMPTS, attempt_rows, "generate")
