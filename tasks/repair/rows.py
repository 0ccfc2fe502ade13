"""Repairs: what is asked for, and the row an answer becomes. A repair is an attempt with a parent."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tasks.asking.answers import extract_code
from tasks.asking.interface import interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.plan import attempt_id, missing


def key(cause: Mapping[str, Any]) -> str:
    """The wrong program and, where there is one, the explanation."""
    return f"{cause['attempt_id']}:{cause['diagnosis_id'] or ''}"


def message_gaps(cause: Mapping[str, Any]) -> dict[str, Any]:
    """What a repair template may name."""
    return {
        "prompt": cause["prompt"],
        "interface": interface(cause["tests"], cause["entry_point"]),
        "code": cause["code"].rstrip(),
        "feedback": cause["feedback"],
        "explanation": cause["explanation"] or "",
    }


def prompts(pending: Iterable[Mapping[str, Any]], recipe: Recipe, wanted: int) -> Iterator[Prompt]:
    """One prompt per explanation, or per wrong program where there are none, for the repairs it lacks."""
    for row in pending:
        yield Prompt(key(row), recipe.template.render(message_gaps(row)), missing(wanted, row["present"]))


def replied(cause: Mapping[str, Any]) -> Completion:
    """The reply that already holds the repair beside its explanation; its tokens were counted with the diagnosis."""
    return Completion(key(cause), cause["diagnosis_index"], cause["completion"], cause["finish_reason"], 0, 0)


def repair(cause: Mapping[str, Any], prompt: Prompt, answer: Completion, recipe: Recipe, round_: int) -> dict[str, Any]:
    """The row of one repair; a program equal to the wrong one is no repair."""
    code = extract_code(answer.text, answer.finish_reason, cause["entry_point"])
    same = code.text is not None and code.text.strip() == cause["code"].strip()
    parent, diagnosis = cause["attempt_id"], cause["diagnosis_id"]
    return {
        "attempt_id": attempt_id(cause["problem_id"], recipe.recipe_id, answer.sample_index, parent, diagnosis),
        "problem_id": cause["problem_id"],
        "bucket": cause["bucket"],
        "kind": "repair",
        "round": round_,
        "parent_attempt_id": parent,
        "diagnosis_id": diagnosis,
        **recipe.columns(prompt.messages, answer),
        "code": None if same else code.text,
        "no_code_reason": "unchanged" if same else code.reason,
        "created_at": datetime.now(UTC),
    }
