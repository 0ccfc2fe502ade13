"""Explanations of failures: what is asked for, and the row an answer becomes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from storage.ids import content_id
from tasks.asking.answers import extract_explanation
from tasks.asking.interface import interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.plan import missing


def prompts(pending: Iterable[Mapping[str, Any]], recipe: Recipe, wanted: int) -> Iterator[Prompt]:
    """One prompt per wrong program, for the explanations it lacks."""
    for row in pending:
        gaps = {
            "prompt": row["prompt"],
            "interface": interface(row["tests"], row["entry_point"]),
            "code": row["code"].rstrip(),
            "feedback": row["feedback"],
        }
        yield Prompt(row["attempt_id"], recipe.template.render(gaps), missing(wanted, row["present"]))


def diagnosis(wrong: Mapping[str, Any], prompt: Prompt, answer: Completion, recipe: Recipe) -> dict[str, Any]:
    """The row of one explanation."""
    explanation = extract_explanation(answer.text, answer.finish_reason)
    return {
        "diagnosis_id": content_id(
            "diagnosis", attempt=wrong["attempt_id"], recipe=recipe.recipe_id, sample=answer.sample_index
        ),
        "problem_id": wrong["problem_id"],
        "bucket": wrong["bucket"],
        "attempt_id": wrong["attempt_id"],
        **recipe.columns(prompt.messages, answer),
        "feedback": wrong["feedback"],
        "explanation": explanation.text,
        "no_explanation_reason": explanation.reason,
        "created_at": datetime.now(UTC),
    }
