"""Tests by a model: what is asked for, and the rows an answer becomes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from storage.ids import content_id
from tasks.asking.interface import interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.plan import missing
from tasks.write_tests.extract import extract_tests, given_calls


def prompts(pending: Iterable[Mapping[str, Any]], recipe: Recipe, samples: int) -> Iterator[Prompt]:
    """One prompt per problem, for the answers it lacks."""
    for row in pending:
        gaps = {
            "prompt": row["prompt"],
            "interface": interface(row["tests"], row["entry_point"]),
            "entry_point": row["entry_point"],
        }
        yield Prompt(row["problem_id"], recipe.template.render(gaps), missing(samples, row["present"]))


def tests(problem: Mapping[str, Any], prompt: Prompt, answer: Completion, recipe: Recipe) -> list[dict[str, Any]]:
    """The rows of one answer: one for each assert in it, or one that says why there is none."""
    given = given_calls(problem["tests"], problem["entry_point"])
    columns = recipe.columns(prompt.messages, answer)
    later = {**columns, "completion": "", "prompt_tokens": 0, "completion_tokens": 0}
    return [
        {
            "test_id": content_id(
                "test",
                problem=problem["problem_id"],
                recipe=recipe.recipe_id,
                sample=answer.sample_index,
                position=position,
            ),
            "problem_id": problem["problem_id"],
            "bucket": problem["bucket"],
            **(columns if position == 0 else later),
            "position": position,
            "test": found.test,
            "no_test_reason": found.reason,
            "created_at": datetime.now(UTC),
        }
        for position, found in enumerate(
            extract_tests(answer.text, answer.finish_reason, problem["entry_point"], given)
        )
    ]


def without_entry_point(row: Mapping[str, Any]) -> dict[str, Any]:
    """The drop of a problem that no assert can call."""
    return {
        "stage": "write_tests",
        "row_id": row["problem_id"],
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "reason": "no_entry_point",
        "detail": "its programs read standard input, or are called by nothing that has a name",
    }
