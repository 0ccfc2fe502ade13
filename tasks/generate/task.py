"""Stage generate: the model writes the programs that a bucket lacks."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import ATTEMPTS
from tasks.generate.rows import attempt, prompts
from tasks.plan import Plan, generate_recipe
from tasks.running import progress
from tasks.running.commits import append_all
from tasks.running.effects import model_for
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("generate", "generate-b{bucket:03d}")
def generate(plan: Plan, bucket: int) -> int:
    """Write what is missing of a bucket's first attempts; returns how many rows were added."""
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = pending_rows(catalog, plan, "generate")
    recipe = generate_recipe(plan)
    asked = {p.key: p for p in prompts(pending, recipe, plan.generate.samples)}
    problems = {row["problem_id"]: row for row in pending}
    progress.expect("generate", sum(len(p.sample_indices) for p in asked.values()))
    answers = model_for(plan.model).complete(asked.values(), recipe.sampling) if asked else ()
    rows = (attempt(problems[a.key], asked[a.key], a, recipe) for a in answers)
    return append_all(lake, ATTEMPTS, rows, plan.write, "generate")
