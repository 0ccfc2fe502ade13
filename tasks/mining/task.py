"""Stage mining: open-source code becomes seeds, seeds become tasks in the model's words, tasks become problems."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from storage.catalog import Catalog
from storage.columns import Table
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.schemas import Row
from storage.statements import load_statement
from storage.tables import DROPS, IDEAS, PROBLEMS, SEEDS
from tasks.asking.ask import ask_model
from tasks.mining.recipes import mining_recipes
from tasks.mining.rows import (
    concept_questions,
    concept_rows,
    drop_near_duplicates,
    problem_of_task,
    task_questions,
    task_rows,
)
from tasks.mining.seeds import SeedCollection, collect_seeds
from tasks.mining.settings import CodeSource, MiningSettings
from tasks.models.settings import ModelSettings
from tasks.reading.problem import problem_row
from tasks.running.stage import stage


@stage("mining", "mining")
def mining(
    lake_settings: LakeSettings,
    sources: Sequence[CodeSource],
    settings: MiningSettings,
    model: ModelSettings,
    revision: str,
) -> tuple[str, ...]:
    """Bring the lake's problems up to date with open-source code; a second call asks the model nothing.

    All code is read before anything is written. No problem is written before all tasks are there, since of two near
    duplicates one is left out; problems that the lake holds already stay.

    Args:
        revision: commit or hash of the model's weights.

    Returns:
        Ids of all problems that this recipe has made of the sources' seeds, now or earlier, sorted.

    Raises:
        ConfigError: a source cannot be read or has no licence, or all of them together hold no seed.
    """
    lake = Lake(lake_settings)
    buckets = lake.buckets if lake.exists() else lake_settings.buckets  # `lake.buckets` makes a lake that is missing
    collection = collect_seeds(sources, settings, buckets)
    if not collection.seeds:
        raise _no_seed(collection)
    _append_missing(lake, SEEDS, collection.seeds)
    _append_missing(lake, DROPS, collection.drops)
    concepts, tasks = mining_recipes(settings, model.name, revision)
    seed_ids = pa.table({"seed_id": sorted(collection.seeds)})
    values = {"concepts_recipe": concepts.recipe_id, "task_recipe": tasks.recipe_id, "tasks": settings.tasks}

    pending = _rows_of_seeds(lake, seed_ids, "pending_mining_concepts", values)
    ask_model(lake, model, concepts, concept_questions(pending, concepts), IDEAS, concept_rows, "mining concepts")
    pending = _rows_of_seeds(lake, seed_ids, "pending_mining_tasks", values)
    questions = task_questions(pending, tasks, settings.tasks)
    ask_model(lake, model, tasks, questions, IDEAS, task_rows, "mining tasks")

    seed_tasks = {row["idea_id"]: row for row in _rows_of_seeds(lake, seed_ids, "tasks_of_seeds", values)}
    with Catalog(lake) as catalog:
        accepted = {row["problem_id"] for row in catalog.rows("select problem_id from problems")}
    distinct, drops = drop_near_duplicates(seed_tasks, accepted, tasks, settings.similarity, buckets)
    problems = [problem_of_task(task, task["text"], task["sample_index"]) for task in distinct]
    _append_missing(lake, PROBLEMS, {p.problem_id: problem_row(p, buckets) for p in problems})
    _append_missing(lake, DROPS, drops)
    return tuple(sorted({problem.problem_id for problem in problems}))


def _no_seed(collection: SeedCollection) -> ConfigError:
    counts = Counter(row["reason"] for row in collection.drops.values())
    reasons = ", ".join(f"{reason} {n}" for reason, n in counts.most_common(4)) or "no Python files"
    return ConfigError(f"sources: expected at least one function or class to make a task of, got none ({reasons})")


def _append_missing(lake: Lake, table: Table, rows: Mapping[str, Row]) -> None:
    """Append the rows whose id the table lacks, in one commit. Ids are the last column of the table's key."""
    key = table.key[-1]
    with Catalog(lake) as catalog:
        held = {row[key] for row in catalog.rows(f"select {key} from {table.name}")}  # noqa: S608 our own names
    lake.append(table, [row for row_id, row in rows.items() if row_id not in held])


def _rows_of_seeds(lake: Lake, seed_ids: pa.Table, name: str, values: Mapping[str, object]) -> list[Any]:
    """Return the rows of one statement about the seeds of a run, by which it names them as `wanted`."""
    with Catalog(lake) as catalog:
        catalog.register("wanted", seed_ids)
        return catalog.rows(load_statement(name), **values)
