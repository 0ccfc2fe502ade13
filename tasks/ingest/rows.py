"""Build the lake's rows of problems, references and dropped records."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypedDict

from storage.ids import bucket_of, content_id
from storage.rows import AttemptRow, DropRow, ProblemRow, SelectionRow
from tasks.ingest.dropped import DroppedRecord

DETAIL_CHARS = 160
"""Characters of a drop's particulars that a line shows."""


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
        "reasoning": None,
        "reader_version": None,
        "code": code,
        "no_code_reason": None,
        "created_at": created_at,
    }


class DropCount(TypedDict):
    """How many rows a stage left out for one reason, and one of them."""

    stage: str
    reason: str
    count: int
    example: str
    """Source and place, or id, of one of them."""
    detail: str
    """The particulars of that one."""


def count_drops(records: Iterable[DroppedRecord]) -> list[DropCount]:
    """Return the dropped records by reason, the most frequent first, each with its first record as the example."""
    counts: dict[str, DropCount] = {}
    for record in records:
        name = f" (id {record.source_id})" if record.source_id is not None else ""
        count = counts.setdefault(
            record.reason,
            {
                "stage": "ingest",
                "reason": record.reason,
                "count": 0,
                "example": f"{record.source} {record.where}{name}",
                "detail": record.detail,
            },
        )
        count["count"] += 1
    return sorted(counts.values(), key=lambda count: -count["count"])


def describe_drops(counts: Iterable[DropCount]) -> list[str]:
    """Return a line per reason for people."""
    return [
        f"dropped by {drop['stage']}: {drop['count']} {drop['reason']}, such as {drop['example']}"
        + (f": {' '.join(drop['detail'].split())[:DETAIL_CHARS]}" if drop["detail"] else "")
        for drop in counts
    ]


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
