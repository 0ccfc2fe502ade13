"""Explanations of failures: the question about each wrong program, and the row of an answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.ids import content_id
from storage.pending import PendingDiagnose
from storage.rows import DiagnosisRow, ModelColumns
from tasks.asking.answers import extract_explanation
from tasks.asking.ask import Question, missing_indices
from tasks.asking.interface import describe_interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt


def questions(
    pending: Iterable[PendingDiagnose], recipe: Recipe, diagnoses: int
) -> Iterator[Question[PendingDiagnose]]:
    """Ask about each wrong program once, for the explanations that it lacks of `diagnoses`."""
    for row in pending:
        gaps = {
            "prompt": row["prompt"],
            "interface": describe_interface(row["tests"], row["entry_point"]),
            "code": row["code"].rstrip(),
            "feedback": row["feedback"],
        }
        messages = recipe.template.render(gaps)
        yield Question(row, Prompt(row["attempt_id"], messages, missing_indices(diagnoses, row["present"])))


def diagnosis_rows(
    wrong: PendingDiagnose, answer: Completion, columns: ModelColumns, created_at: datetime
) -> list[DiagnosisRow]:
    """Return the row of one explanation."""
    explanation = extract_explanation(answer.text, answer.finish_reason, answer.reasoning)
    return [
        {
            "diagnosis_id": content_id(
                "diagnosis", attempt=wrong["attempt_id"], recipe=columns["recipe_id"], sample=answer.sample_index
            ),
            "problem_id": wrong["problem_id"],
            "bucket": wrong["bucket"],
            "attempt_id": wrong["attempt_id"],
            **columns,
            "feedback": wrong["feedback"],
            "explanation": explanation.text,
            "no_explanation_reason": explanation.reason,
            "created_at": created_at,
        }
    ]
