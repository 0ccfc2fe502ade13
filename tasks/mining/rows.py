"""Turn seeds into problems: the questions about a seed, the rows of the answers, and the problems that tasks become."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypedDict

from judge.problems import Untested
from storage.ids import content_id
from storage.rows import DropRow, IdeaRow, ModelColumns, SeedRow
from tasks.asking.answers import Extracted
from tasks.asking.ask import Question, missing_indices
from tasks.asking.recipes import Recipe
from tasks.mining.answers import extract_concepts, extract_task, problem_prompt, shingle_examples, shingle_words
from tasks.mining.measures import find_near_duplicates
from tasks.mining.seeds import drop_row
from tasks.models.protocol import Completion, Prompt
from tasks.reading.problem import Problem
from tasks.reading.python_text import Definition, parse


class PendingConcepts(TypedDict):
    """A seed that lacks concepts (pending_mining_concepts.sql)."""

    seed_id: str
    bucket: int
    code: str
    kind: str


class PendingTasks(SeedRow):
    """A seed with concepts that lacks tasks (pending_mining_tasks.sql)."""

    concepts: str
    present: list[int]
    """Sample indices of the tasks that it has."""


class SeedTask(SeedRow):
    """A task in words with its seed (tasks_of_seeds.sql)."""

    idea_id: str
    sample_index: int
    text: str
    problem_id: str


def concept_questions(pending: Iterable[PendingConcepts], recipe: Recipe) -> Iterator[Question[PendingConcepts]]:
    """Ask for the concepts of each seed once."""
    for seed in pending:
        gaps = {"code": shorten_docstring(seed["code"]), "kind": seed["kind"]}
        yield Question(seed, Prompt(seed["seed_id"], recipe.template.render(gaps), (0,)))


def task_questions(pending: Iterable[PendingTasks], recipe: Recipe, tasks: int) -> Iterator[Question[PendingTasks]]:
    """Ask for the tasks that each seed lacks of `tasks`."""
    for seed in pending:
        gaps = {
            "concepts": seed["concepts"],
            "signature": seed["signature"],
            "kind": seed["kind"],
            "entry_point": seed["name"],
        }
        indices = missing_indices(tasks, seed["present"])
        yield Question(seed, Prompt(seed["seed_id"], recipe.template.render(gaps), indices))


def concept_rows(
    seed: PendingConcepts, answer: Completion, columns: ModelColumns, created_at: datetime
) -> list[IdeaRow]:
    """Return the row of one answer with concepts."""
    concepts = extract_concepts(answer.text, answer.finish_reason)
    return [_idea_row(seed, "concepts", concepts, None, columns, created_at)]


def task_rows(seed: SeedRow, answer: Completion, columns: ModelColumns, created_at: datetime) -> list[IdeaRow]:
    """Return the row of one answer with a task."""
    task = extract_task(
        answer.text, answer.finish_reason, seed["name"], seed["signature"], seed["code"], seed["package"]
    )
    problem_id = problem_of_task(seed, task.text, answer.sample_index).problem_id if task.text else None
    return [_idea_row(seed, "task", task, problem_id, columns, created_at)]


def problem_of_task(seed: SeedRow, task: str, sample_index: int) -> Problem:
    """Return the problem that a task in words becomes; it has neither tests nor a reference."""
    name = f"{seed['package']}:{seed['path']}:{seed['name']}"
    commit = f" ({seed['commit']})" if seed["commit"] else ""
    return Problem(
        source=seed["source"],
        source_id=f"{name}#{sample_index}" if sample_index else name,
        prompt=problem_prompt(task, seed["kind"], seed["signature"]),
        entry_point=seed["name"],
        tests=Untested(kind="none"),
        licence=seed["licence"],
        origin=" ".join(filter(None, (seed["package"], seed["version"], f"{seed['path']}:{seed['line']}"))) + commit,
    )


def drop_near_duplicates(
    tasks: Mapping[str, SeedTask], accepted_problems: Collection[str], recipe: Recipe, similarity: float, buckets: int
) -> tuple[list[SeedTask], dict[str, DropRow]]:
    """Return the tasks that are near no other task, and a drop by idea_id for each of the rest.

    Args:
        tasks: by idea_id.
        accepted_problems: ids of the problems in the lake; their tasks always stay.
        recipe: of the tasks; an answer that repeats an example of its template is no task.
        similarity: from which on two tasks count as one.
        buckets: of the lake.
    """
    examples = shingle_examples(recipe.template.turns)
    accepted_tasks = sorted(idea_id for idea_id, task in tasks.items() if task["problem_id"] in accepted_problems)
    shingles = {idea_id: shingle_words(task["text"]) for idea_id, task in tasks.items()}
    duplicates = find_near_duplicates({**shingles, **examples}, similarity, [*examples, *accepted_tasks])
    drops = {
        idea_id: drop_row(idea_id, "near_duplicate", f"{tasks[idea_id]['name']}: its task is near {other}", buckets)
        for idea_id, other in duplicates.items()
    }
    return [task for idea_id, task in tasks.items() if idea_id not in duplicates], drops


def shorten_docstring(code: str) -> str:
    """Return code with the first paragraph of its docstring; the rest costs prompt tokens and describes the package."""
    tree = parse(code)
    definition = tree.body[0] if tree else None
    docstring = ast.get_docstring(definition) if isinstance(definition, Definition) else None
    if docstring is None or not isinstance(definition, Definition) or definition.body[0].lineno == definition.lineno:
        return code.rstrip()
    lines, statement = code.rstrip().split("\n"), definition.body[0]
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    short = f'{" " * statement.col_offset}"""{paragraph}"""'
    return "\n".join([*lines[: statement.lineno - 1], short, *lines[statement.end_lineno :]])


def _idea_row(
    seed: PendingConcepts | SeedRow,
    step: str,
    text: Extracted,
    problem_id: str | None,
    columns: ModelColumns,
    created_at: datetime,
) -> IdeaRow:
    return {
        # the recipe's `upstream` names the concepts that a task builds on: there is one answer with concepts per seed
        "idea_id": content_id(
            "idea", seed=seed["seed_id"], step=step, recipe=columns["recipe_id"], sample=columns["sample_index"]
        ),
        "bucket": seed["bucket"],
        "seed_id": seed["seed_id"],
        "step": step,
        **columns,
        "text": text.text,
        "no_text_reason": text.reason,
        "problem_id": problem_id,
        "created_at": created_at,
    }
