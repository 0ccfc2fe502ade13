"""First attempts: the question about each problem, and the row of an answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.pending import PendingGenerate
from storage.rows import AttemptRow, ModelColumns
from tasks.asking.answers import extract_code
from tasks.asking.ask import Question, missing_indices
from tasks.asking.attempts import attempt_id
from tasks.asking.interface import describe_interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt


def questions(pending: Iterable[PendingGenerate], recipe: Recipe, samples: int) -> Iterator[Question[PendingGenerate]]:
    """Ask each problem's prompt once, for the samples that it lacks of `samples`."""
    for row in pending:
        gaps = {"prompt": row["prompt"], "interface": describe_interface(row["tests"], row["entry_point"])}
        messages = recipe.template.render(gaps)
        yield Question(row, Prompt(row["problem_id"], messages, missing_indices(samples, row["present"])))


def attempt_rows(
    problem: PendingGenerate, answer: Completion, columns: ModelColumns, created_at: datetime
) -> list[AttemptRow]:
    """Return the row of one first attempt."""
    code = extract_code(answer.text, answer.finish_reason, problem["entry_point"], answer.reasoning)
    return [
        {
            "attempt_id": attempt_id(problem["problem_id"], columns["recipe_id"], answer.sample_index),
            "problem_id": problem["problem_id"],
            "bucket": problem["bucket"],
            "kind": "generate",
            "round": 0,
            "parent_attempt_id": None,
            "diagnosis_id": None,
            **columns,
            "code": code.text,
            "no_code_reason": code.reason,
            "created_at": created_at,
        }
    ]
