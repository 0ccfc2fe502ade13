"""Build the lake's rows of problems, references and dropped records."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from storage.ids import bucket_of, content_id
from storage.rows import AttemptRow, DropRow, ProblemRow, SelectionRow
from tasks.ingest.dropped import DroppedRecord


def selection_id(problem_ids: Iterable[str]) -> str:
    """Return the content address of a set of problems, whatever their order."""
    return content_id("selection", problems=sorted(set(problem_ids)))


def selection_rows(buckets: Mapping[str, int]) -> list[SelectionRow]:
    """Return the rows of a set of problems, given its buckets by problem id."""
    selection = selection_id(buckets)
    return [
        {"selection_id": selection, "problem_id": problem_id, "bucket": bucket}
        for problem_id, bucket in buckets.items()
    ]


def correctable_values(row: ProblemRow) -> tuple[str | None, str, str | None]:
    """Return (reference, licence, origin): the columns that are no part of a problem's id, so a source may correct."""
    return row["reference"], row["licence"], row["origin"]


def reference_row(problem: ProblemRow, code: str, created_at: datetime) -> AttemptRow:
    """Return a reference as an attempt that no model wrote, so that it is judged like any other attempt."""
    return {
        "attempt_id": content_id("reference", problem=problem["problem_id"], code=code),
        "problem_id": problem["problem_id"],
        "bucket": problem["bucket"],
        "kind": "reference",
        "round": 0,
        "parent_attempt_id": None,
        "diagnosis_id": None,
        "recipe_id": "reference",
        "sample_index": 0,
        "model": "reference",
        "model_revision": "",
        "template": "",
        "sampling": "{}",
        "prompt_hash": "",
        "completion": code,
        "finish_reason": "stop",
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "code": code,
        "no_code_reason": None,
        "created_at": created_at,
    }


def drop_row(record: DroppedRecord, buckets: int) -> DropRow:
    """Return the row of one dropped record in a lake of so many buckets."""
    return {
        "stage": "ingest",
        "row_id": record.row_id,
        "problem_id": None,
        "bucket": bucket_of(record.row_id, buckets),
        "reason": record.reason,
        "detail": f"{record.source} {record.where}: {record.detail}",
    }
