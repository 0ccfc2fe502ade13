"""Read what a problem's reference showed to be normal."""

from judge.calibration import Calibration
from judge.protocol import Job


def calibrated(job: Job, stored: str | None) -> Job:
    """Return the job as the problem's reference says it is to be judged; unchanged where no reference has passed.

    Args:
        job: a program of the problem.
        stored: JSON of a Calibration, as the evidence of the reference's execution holds it.
    """
    return job if stored is None else job.calibrated_by(Calibration.model_validate_json(stored))
