"""The job of a pending program."""

from judge.problems import JUDGED
from judge.protocol import Job, Limits
from storage.pending import PendingExecute


def job_of(row: PendingExecute, limits: Limits) -> Job:
    """Return the judge's job for one program; a missing program is an empty one."""
    tests = JUDGED.validate_json(row["tests"])
    return Job(row["attempt_id"], row["code"] or "", row["context"], row["entry_point"], tests, limits)
