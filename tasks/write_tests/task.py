"""Stage write_tests: the model writes the tests that a bucket lacks."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import DROPS, TESTS
from tasks.plan import Plan, tests_recipe
from tasks.running import progress
from tasks.running.batches import batches
from tasks.running.effects import model_for
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.write_tests.rows import prompts, tests, without_entry_point


@stage("write_tests", "write_tests-b{bucket:03d}")
def write_tests(plan: Plan, bucket: int) -> int:
    """Write what is missing of a bucket's tests; returns how many rows were added."""
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = pending_rows(catalog, plan, "write_tests")
    callable_ = [row for row in pending if row["entry_point"]]
    lake.append(DROPS, [without_entry_point(row) for row in pending if not row["entry_point"]])
    recipe = tests_recipe(plan)
    asked = {p.key: p for p in prompts(callable_, recipe, plan.tests.samples)}
    problems = {row["problem_id"]: row for row in callable_}
    progress.expect("write_tests", sum(len(p.sample_indices) for p in asked.values()))
    answers = model_for(plan.model).complete(asked.values(), recipe.sampling) if asked else ()
    found = (tests(problems[a.key], asked[a.key], a, recipe) for a in answers)
    written = 0
    for batch in batches(found, plan.write.batch_rows, plan.write.batch_s):  # an answer is never cut in two
        written += lake.append(TESTS, [row for rows in batch for row in rows])
        progress.advance("write_tests", len(batch))
    return written
