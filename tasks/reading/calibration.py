"""Read what a problem's reference showed to be normal."""

from dataclasses import replace

from judge.calibration import Calibration
from judge.protocol import Job


def calibrated(job: Job, stored: str | None) -> Job:
    """Return the job as the problem's reference says it is to be judged; unchanged where no reference has passed.

    Args:
        job: a program of the problem.
        stored: JSON of a Calibration, as the evidence of the reference's execution holds it.
    """
    if stored is None:
        return job
    normal = Calibration.model_validate_json(stored)
    return replace(job, isolation=normal.isolation, normal=normal)
