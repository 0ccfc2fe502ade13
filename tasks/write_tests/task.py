"""Stage write_tests: the model writes the tests that a bucket lacks."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingWriteTests
from storage.tables import DROPS, TESTS
from tasks.asking.ask import ask_model
from tasks.models.settings import ModelSettings
from tasks.running.effects import model_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.write_tests.recipe import write_tests_recipe
from tasks.write_tests.rows import drop_without_entry_point, questions, rows_of_tests
from tasks.write_tests.settings import WriteTestsSettings


@stage("write_tests", "write_tests-b{order.bucket:03d}")
def write_tests(order: Order[WriteTestsSettings, ModelSettings]) -> int:
    """Write the tests that a bucket lacks; return how many rows were added."""
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingWriteTests)
    lake.append(DROPS, [drop_without_entry_point(row) for row in pending if not row["entry_point"]])
    recipe = write_tests_recipe(order.settings, order.effect.name, model_for(order.effect).revision)
    asked = questions((row for row in pending if row["entry_point"]), recipe, order.settings.samples)
    return ask_model(lake, order.effect, recipe, asked, TESTS, rows_of_tests, "write_tests")
