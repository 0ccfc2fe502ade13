"""Stage mine: open-source code becomes seeds, seeds become tasks that the model words, tasks become problems."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from storage.catalog import Catalog, statement
from storage.columns import Table
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS, IDEAS, PROBLEMS, SEEDS
from tasks.asking.recipes import Recipe
from tasks.mining.recipes import recipes
from tasks.mining.rows import (
    concept_prompts,
    concepts_idea,
    distinct,
    problem,
    problem_row,
    task_idea,
    task_prompts,
)
from tasks.mining.seeds import Rows, mined
from tasks.mining.settings import CodeSource
from tasks.models.protocol import Completion, Prompt
from tasks.models.settings import ModelSettings
from tasks.running import progress
from tasks.running.commits import append_all
from tasks.running.effects import model_for
from tasks.running.stage import stage
from tasks.settings import MineSettings, WriteSettings

Idea = Callable[[dict[str, Any], Prompt, Completion, Recipe], dict[str, Any]]


@stage("mine", "mine")
def mine(
    settings: LakeSettings,
    sources: Sequence[CodeSource],
    how: MineSettings,
    model: ModelSettings,
    revision: str,
    write: WriteSettings,
) -> tuple[str, ...]:
    """Bring the lake's problems up to date with open-source code; a second call asks the model nothing.

    Everything is read before anything is written. No problem is written before all tasks are there, since of two alike
    one is left out; those that are in the lake already stay.

    Args:
        revision: what the model's weights really are.

    Returns:
        Ids of all problems that this recipe has made of the sources' seeds, now or earlier, sorted.

    Raises:
        ConfigError: a source can't be read or has no licence, or all of them together hold no seed.
    """
    lake = Lake(settings)
    seeds, drops = mined(sources, how)
    if not seeds:
        counts = Counter(row["reason"] for row in drops.values())
        found = ", ".join(f"{reason} {n}" for reason, n in counts.most_common(4)) or "no Python files"
        raise ConfigError(f"sources: expected at least one function or class to make a task of, got none ({found})")
    _add(lake, SEEDS, seeds)
    _add(lake, DROPS, drops)
    first, second = recipes(how, model.name, revision)
    values = {"concepts_recipe": first.recipe_id, "task_recipe": second.recipe_id, "tasks": how.tasks}
    wanted = pa.table({"seed_id": sorted(seeds)})

    def ask(name: str, recipe: Recipe, prompts: Iterator[Prompt], rows: Rows, idea: Idea) -> None:
        asked = {prompt.key: prompt for prompt in prompts}
        progress.expect(name, sum(len(prompt.sample_indices) for prompt in asked.values()))
        answers = model_for(model).complete(asked.values(), recipe.sampling) if asked else ()
        made = (idea(rows[a.key], asked[a.key], a, recipe) for a in answers)
        append_all(lake, IDEAS, made, write, name)

    pending = _rows(lake, wanted, "pending_mine_concepts", values)
    ask("mine concepts", first, concept_prompts(pending.values(), first), pending, concepts_idea)
    pending = _rows(lake, wanted, "pending_mine_tasks", values)
    ask("mine tasks", second, task_prompts(pending.values(), second, how.tasks), pending, task_idea)
    tasks = _rows(lake, wanted, "tasks_of_seeds", values, key="idea_id")
    with Catalog(lake) as catalog:
        held = {row["problem_id"] for row in catalog.rows("select problem_id from problems")}
    kept, near = distinct(tasks, held, second, how.similarity)
    problems = [problem(row, row["text"], row["sample_index"]) for row in kept]
    _add(lake, PROBLEMS, {p.problem_id: problem_row(p) for p in problems})
    _add(lake, DROPS, near)
    return tuple(sorted({p.problem_id for p in problems}))


def _add(lake: Lake, table: Table, rows: Rows) -> None:
    """Append the rows whose key is not in the table yet, each in the bucket of its key, in one commit."""
    key = table.key[-1]
    with Catalog(lake) as catalog:
        known = {row[key] for row in catalog.rows(f"select {key} from {table.name}")}  # noqa: S608 our own names
    missing = [{**row, "bucket": lake.bucket_of(row_id)} for row_id, row in rows.items() if row_id not in known]
    lake.append(table, missing)


def _rows(lake: Lake, wanted: pa.Table, name: str, values: dict[str, Any], key: str = "seed_id") -> Rows:
    """The rows of one query about the wanted seeds, by key."""
    with Catalog(lake) as catalog:
        catalog.register("wanted", wanted)
        return {row[key]: row for row in catalog.rows(statement(name), **values)}
