"""Scorers that self-validation is compared with. Pure, one problem at a time; every score lies in [0, 1]."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from storage.ids import content_id
from storage.scorers import Scorer

SCORERS: dict[Scorer, str] = {
    "self_validation": "self_validation@1",
    "passed_count": "passed_count@1",
    "pass_all": "pass_all@1",
    "random": "random@1",
    "ground_truth": "ground_truth@1",
}
"""Name of each scorer in the lake. Raise the number when the code changes the score of any program."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def score_by_passed_count(passes: Bools) -> Floats:
    """Return (A,) the share of the tests that each program passes, of (A, T) verdicts; 0 without tests."""
    shares: Floats = passes.sum(axis=1) / max(1, passes.shape[1])
    return shares


def score_by_pass_all(passes: Bools) -> Floats:
    """Return (A,) 1 for programs that pass every test of (A, T) verdicts, else 0; all 0 without tests."""
    scores: Floats = (passes.all(axis=1) & (passes.shape[1] > 0)).astype(np.float64)
    return scores


def score_at_random(attempt_ids: Sequence[str]) -> Floats:
    """Return (A,) uniform scores in [0, 1); each follows from the program's id, and so is the same in every run."""
    scores = [int(content_id("random score", attempt=attempt)[:13], 16) / 16**13 for attempt in attempt_ids]
    return np.array(scores, dtype=np.float64)


def score_by_ground_truth(passed_tests: ArrayLike, total_tests: ArrayLike) -> Floats:
    """Return (A,) the share of a problem's own tests that each program passes; 0 without tests.

    Args:
        passed_tests: (A,) number of tests that each program passes.
        total_tests: (A,) number of tests that each program was run on.
    """
    passed, total = np.asarray(passed_tests, dtype=np.float64), np.asarray(total_tests, dtype=np.float64)
    shares: Floats = np.divide(passed, total, out=np.zeros_like(passed), where=total > 0)
    return shares
