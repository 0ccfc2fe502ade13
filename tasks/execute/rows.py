"""The job of a pending program."""

from dataclasses import replace

from judge.problems import JUDGED
from judge.protocol import Job, Limits
from storage.pending import PendingExecute
from tasks.mutating.limits import limits_of_mutants
from tasks.reading.calibration import calibrated


def limits_of(row: PendingExecute, limits: Limits) -> Limits:
    """Return the limits of one program: a right program with a bug must not take much longer than without."""
    if row["original_cpu_ms"] is None or row["original_wall_ms"] is None:
        return limits
    return limits_of_mutants(limits, row["original_cpu_ms"], row["original_wall_ms"])


def job_of(row: PendingExecute, limits: Limits) -> Job:
    """Return the judge's job for one program; a missing program is an empty one."""
    tests = JUDGED.validate_json(row["tests"])
    job = Job(row["attempt_id"], row["code"] or "", row["context"], row["entry_point"], tests, limits_of(row, limits))
    return replace(job, calibrate=True) if row["is_reference"] else calibrated(job, row["calibration"])
