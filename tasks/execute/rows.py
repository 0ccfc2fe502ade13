"""The job that a program becomes."""

from collections.abc import Mapping
from typing import Any

from judge.problems import JUDGED
from judge.protocol import Job, Limits


def job(row: Mapping[str, Any], limits: Limits) -> Job:
    """A row of pending_execute.sql as the judge wants it; a missing program is an empty one."""
    tests = JUDGED.validate_json(row["tests"])
    return Job(row["attempt_id"], row["code"] or "", row["context"], row["entry_point"], tests, limits)
