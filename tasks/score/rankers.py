"""The scorers that self-validation is measured against. Pure, one problem at a time; every score lies in [0, 1]."""

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


def passed_count(passes: NDArray[np.bool_]) -> Floats:
    """(A,) share of the tests that each program passes, of (A, T): the order of the counts. 0 without tests."""
    count: Floats = passes.sum(axis=1) / max(1, passes.shape[1])
    return count


def pass_all(passes: NDArray[np.bool_]) -> Floats:
    """(A,) 1 for programs that pass every test of (A, T), else 0; nobody passes where there is no test."""
    every: Floats = (passes.all(axis=1) & (passes.shape[1] > 0)).astype(np.float64)
    return every


def random(attempt_ids: Sequence[str]) -> Floats:
    """(A,) in [0, 1), uniform; made of the programs' ids, and so the same everywhere."""
    drawn = [int(content_id("random score", attempt=attempt)[:13], 16) / 16**13 for attempt in attempt_ids]
    return np.array(drawn, dtype=np.float64)


def ground_truth(passed_tests: ArrayLike, total_tests: ArrayLike) -> Floats:
    """(A,) share of a problem's own tests passed: 1 exactly where a program is right, 0 where there is no test."""
    passed, total = np.asarray(passed_tests, dtype=np.float64), np.asarray(total_tests, dtype=np.float64)
    share: Floats = np.divide(passed, total, out=np.zeros_like(passed), where=total > 0)
    return share
