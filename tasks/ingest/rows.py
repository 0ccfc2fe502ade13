"""Problems and dropped lines as rows of the lake."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from storage.ids import bucket_of, content_id
from tasks.ingest.dropped import Dropped
from tasks.reading.problem import Problem


def selection_id(problem_ids: Iterable[str]) -> str:
    """Address of a set of problems, in whatever order they were read."""
    return content_id("selection", problems=sorted(set(problem_ids)))


def problem_row(problem: Problem, buckets: int) -> dict[str, Any]:
    """The row of one problem."""
    return {
        "problem_id": problem.problem_id,
        "bucket": bucket_of(problem.problem_id, buckets),
        "source": problem.source,
        "source_id": problem.source_id,
        "prompt": problem.prompt,
        "entry_point": problem.entry_point,
        "context": problem.context,
        "tests_kind": problem.tests.kind,
        "tests": problem.tests_json,
        "reference": problem.reference,
        "licence": problem.licence,
        "origin": problem.origin,
    }


def reference_row(problem: dict[str, Any]) -> dict[str, Any]:
    """A reference is an attempt that nobody generated: the judge needs no second path for it."""
    code = problem["reference"]
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
        "created_at": datetime.now(UTC),
    }


def drop_row(dropped: Dropped, buckets: int) -> dict[str, Any]:
    """The row of one line that is no problem."""
    return {
        "stage": "ingest",
        "row_id": dropped.row_id,
        "problem_id": None,
        "bucket": bucket_of(dropped.row_id, buckets),
        "reason": dropped.reason,
        "detail": f"{dropped.source} {dropped.where}: {dropped.detail}",
    }
