"""Repairs: the question about each wrong program, and the row of an answer. A repair is an attempt with a parent."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

from storage.pending import PendingRepair
from storage.rows import AttemptRow, ModelColumns
from tasks.asking.answers import extract_code
from tasks.asking.ask import Question, missing_indices
from tasks.asking.attempts import attempt_id
from tasks.asking.interface import describe_interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, FinishReason, Prompt


def questions(pending: Iterable[PendingRepair], recipe: Recipe, repairs: int) -> Iterator[Question[PendingRepair]]:
    """Ask for each explanation, or each wrong program where there is none, the repairs that it lacks of `repairs`."""
    for row in pending:
        gaps = {
            "prompt": row["prompt"],
            "interface": describe_interface(row["tests"], row["entry_point"]),
            "code": row["code"].rstrip(),
            "feedback": row["feedback"],
            "explanation": row["explanation"] or "",
        }
        messages = recipe.template.render(gaps)
        yield Question(row, Prompt(_key(row), messages, missing_indices(repairs, row["present"])))


def reply_of(pending: PendingRepair) -> Completion:
    """Return the reply that holds the repair beside its explanation; its tokens were counted with the diagnosis."""
    index, text, finish = pending["diagnosis_index"], pending["completion"], pending["finish_reason"]
    assert index is not None and text is not None, "a chain of one reply has a diagnosis for each repair"
    return Completion(_key(pending), index, text, cast(FinishReason, finish), 0, 0)


def repair_rows(
    wrong: PendingRepair, answer: Completion, columns: ModelColumns, created_at: datetime
) -> list[AttemptRow]:
    """Return the row of one repair; a program equal to the wrong one is no repair."""
    code = extract_code(answer.text, answer.finish_reason, wrong["entry_point"], answer.reasoning)
    unchanged = code.text is not None and code.text.strip() == wrong["code"].strip()
    parent, diagnosis = wrong["attempt_id"], wrong["diagnosis_id"]
    return [
        {
            "attempt_id": attempt_id(wrong["problem_id"], columns["recipe_id"], answer.sample_index, parent, diagnosis),
            "problem_id": wrong["problem_id"],
            "bucket": wrong["bucket"],
            "kind": "repair",
            "round": wrong["round"],
            "parent_attempt_id": parent,
            "diagnosis_id": diagnosis,
            **columns,
            "code": None if unchanged else code.text,
            "no_code_reason": "unchanged" if unchanged else code.reason,
            "created_at": created_at,
        }
    ]


def _key(pending: PendingRepair) -> str:
    return f"{pending['attempt_id']}:{pending['diagnosis_id'] or ''}"
