"""Tests by a model: the question about each problem, and the rows of an answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.ids import content_id
from storage.pending import PendingWriteTests
from storage.rows import DropRow, ModelColumns, TestRow
from tasks.asking.ask import Question, missing_indices
from tasks.asking.interface import describe_interface
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.write_tests.extract import calls_of_own_tests, extract_tests


def questions(
    pending: Iterable[PendingWriteTests], recipe: Recipe, samples: int
) -> Iterator[Question[PendingWriteTests]]:
    """Ask about each problem once, for the answers that it lacks of `samples`."""
    for row in pending:
        gaps = {
            "prompt": row["prompt"],
            "interface": describe_interface(row["tests"], row["entry_point"]),
            "entry_point": row["entry_point"],
        }
        messages = recipe.template.render(gaps)
        yield Question(row, Prompt(row["problem_id"], messages, missing_indices(samples, row["present"])))


def rows_of_tests(
    problem: PendingWriteTests, answer: Completion, columns: ModelColumns, created_at: datetime
) -> list[TestRow]:
    """Return the rows of one answer: a row per assert, or one row that says why there is none.

    Completion and token counts stand in the first row alone, so that sums over rows are right.
    """
    entry_point = problem["entry_point"]
    assert entry_point is not None, "a problem without an entry point is dropped before it is asked about"
    later_columns: ModelColumns = {
        **columns,
        "completion": "",
        "reasoning": None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
    }
    extracted = extract_tests(
        answer.text,
        answer.finish_reason,
        entry_point,
        calls_of_own_tests(problem["tests"], entry_point),
        answer.reasoning,
    )
    return [
        {
            "test_id": content_id(
                "test",
                problem=problem["problem_id"],
                recipe=columns["recipe_id"],
                sample=answer.sample_index,
                position=position,
            ),
            "problem_id": problem["problem_id"],
            "bucket": problem["bucket"],
            **(columns if position == 0 else later_columns),
            "position": position,
            "test": test.test,
            "no_test_reason": test.reason,
            "created_at": created_at,
        }
        for position, test in enumerate(extracted)
    ]


def drop_without_entry_point(row: PendingWriteTests) -> DropRow:
    """Return the drop of a problem that no assert can call."""
    return {
        "stage": "write_tests",
        "row_id": row["problem_id"],
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "reason": "no_entry_point",
        "detail": "its programs read standard input, or are called by nothing that has a name",
    }
