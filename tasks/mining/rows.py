"""From seeds to problems: what is asked of the model, the rows its answers become, and the problems made of tasks."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from judge.problems import Untested
from storage.ids import content_id
from tasks.asking.answers import Extracted
from tasks.asking.recipes import Recipe
from tasks.mining import answers
from tasks.mining.measures import near_duplicates
from tasks.mining.seeds import Rows, drop
from tasks.models.protocol import Completion, Prompt
from tasks.reading.problem import Problem
from tasks.reading.python_text import Definition, parse

Row = Mapping[str, Any]


def brief(code: str) -> str:
    """Code with the first paragraph of its docstring: the rest costs a model time and speaks of the package."""
    tree = parse(code)
    node = tree.body[0] if tree else None
    text = ast.get_docstring(node) if isinstance(node, Definition) else None
    if text is None or not isinstance(node, Definition) or node.body[0].lineno == node.lineno:
        return code.rstrip()
    lines, quoted = code.rstrip().split("\n"), node.body[0]
    head = " ".join(text.split("\n\n")[0].split())
    shown = f'{" " * quoted.col_offset}"""{head}"""'
    return "\n".join([*lines[: quoted.lineno - 1], shown, *lines[quoted.end_lineno :]])


def concept_prompts(pending: Iterable[Row], recipe: Recipe) -> Iterator[Prompt]:
    """One prompt per seed."""
    for seed in pending:
        gaps = {"code": brief(seed["code"]), "kind": seed["kind"]}
        yield Prompt(seed["seed_id"], recipe.template.render(gaps), (0,))


def task_prompts(pending: Iterable[Row], recipe: Recipe, wanted: int) -> Iterator[Prompt]:
    """One prompt per seed with concepts, for the tasks it lacks."""
    for seed in pending:
        gaps = {
            "concepts": seed["concepts"],
            "signature": seed["signature"],
            "kind": seed["kind"],
            "entry_point": seed["name"],
        }
        lacking = tuple(index for index in range(wanted) if index not in seed["present"])
        yield Prompt(seed["seed_id"], recipe.template.render(gaps), lacking)


def concepts_idea(seed: Row, prompt: Prompt, answer: Completion, recipe: Recipe) -> dict[str, Any]:
    """The row of one answer to a concepts prompt."""
    return _idea(seed, "concepts", prompt, answer, recipe, answers.concepts(answer.text, answer.finish_reason))


def task_idea(seed: Row, prompt: Prompt, answer: Completion, recipe: Recipe) -> dict[str, Any]:
    """The row of one answer to a task prompt."""
    found = answers.task(
        answer.text, answer.finish_reason, seed["name"], seed["signature"], seed["code"], seed["package"]
    )
    made = problem(seed, found.text, answer.sample_index).problem_id if found.text else None
    return _idea(seed, "task", prompt, answer, recipe, found, made)


def _idea(
    seed: Row, step: str, prompt: Prompt, answer: Completion, recipe: Recipe, found: Extracted, made: str | None = None
) -> dict[str, Any]:
    return {
        # the concepts that a task builds on are those of its recipe's `upstream`: one answer per seed
        "idea_id": content_id(
            "idea", seed=seed["seed_id"], step=step, recipe=recipe.recipe_id, sample=answer.sample_index
        ),
        "bucket": seed["bucket"],
        "seed_id": seed["seed_id"],
        "step": step,
        **recipe.columns(prompt.messages, answer),
        "text": found.text,
        "no_text_reason": found.reason,
        "problem_id": made,
        "created_at": datetime.now(UTC),
    }


def problem(seed: Row, text: str, sample_index: int) -> Problem:
    """The problem that a task in words becomes; nobody gave it tests or a reference."""
    name = f"{seed['package']}:{seed['path']}:{seed['name']}"
    commit = f" ({seed['commit']})" if seed["commit"] else ""
    return Problem(
        source=seed["source"],
        source_id=f"{name}#{sample_index}" if sample_index else name,
        prompt=answers.prompt(text, seed["kind"], seed["signature"]),
        entry_point=seed["name"],
        tests=Untested(kind="none"),
        licence=seed["licence"],
        origin=" ".join(filter(None, (seed["package"], seed["version"], f"{seed['path']}:{seed['line']}"))) + commit,
    )


def distinct(tasks: Mapping[str, Row], held: Collection[str], recipe: Recipe, least: float) -> tuple[list[Row], Rows]:
    """Tasks that no other is near to, and drops of the rest.

    Args:
        tasks: rows of `tasks_of_seeds.sql` by idea_id.
        held: ids of problems that are in the lake: their tasks stay, whichever comes later.
        recipe: of the tasks; what its template shows as an example is no task.
        least: similarity from which two tasks count as one.
    """
    examples = answers.held_examples(recipe.template.turns)
    first = [*examples, *sorted(idea_id for idea_id, row in tasks.items() if row["problem_id"] in held)]
    sets = {idea_id: answers.prompt_shingles(row["text"]) for idea_id, row in tasks.items()}
    near = near_duplicates({**sets, **examples}, least, first)
    left_out = {
        idea_id: drop(idea_id, "near_duplicate", f"{tasks[idea_id]['name']}: its task is near {other}")
        for idea_id, other in near.items()
    }
    return [row for idea_id, row in tasks.items() if idea_id not in near], left_out


def problem_row(made: Problem) -> dict[str, Any]:
    """The row of one problem, without its bucket."""
    return {
        "problem_id": made.problem_id,
        **made.model_dump(mode="python", exclude={"tests"}),
        "tests_kind": made.tests.kind,
        "tests": made.tests_json,
    }
