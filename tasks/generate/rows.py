"""First attempts: what is asked for, and the row an answer becomes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tasks.asking.answers import extract_code
from tasks.asking.interface import interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.plan import attempt_id, missing


def prompts(pending: Iterable[Mapping[str, Any]], recipe: Recipe, samples: int) -> Iterator[Prompt]:
    """One prompt per problem, for the samples it lacks."""
    for row in pending:
        gaps = {"prompt": row["prompt"], "interface": interface(row["tests"], row["entry_point"])}
        yield Prompt(row["problem_id"], recipe.template.render(gaps), missing(samples, row["present"]))


def attempt(problem: Mapping[str, Any], prompt: Prompt, answer: Completion, recipe: Recipe) -> dict[str, Any]:
    """The row of one first attempt."""
    code = extract_code(answer.text, answer.finish_reason, problem["entry_point"])
    return {
        "attempt_id": attempt_id(problem["problem_id"], recipe.recipe_id, answer.sample_index),
        "problem_id": problem["problem_id"],
        "bucket": problem["bucket"],
        "kind": "generate",
        "round": 0,
        "parent_attempt_id": None,
        "diagnosis_id": None,
        **recipe.columns(prompt.messages, answer),
        "code": code.text,
        "no_code_reason": code.reason,
        "created_at": datetime.now(UTC),
    }
