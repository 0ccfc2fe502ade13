"""Rank programs by speed, and tell whether the fastest and the slowest differ beyond doubt. Pure.

Programs are compared repeat by repeat, since the runs of one repeat had the same values and followed one another. The
ratio of two programs is the median of their ratios in each repeat. Its interval is that of the percentile bootstrap
over repeats, which for a median has a closed form, so that nothing is drawn at random. The confidence is divided among
all pairs of the problem (Bonferroni), since the two ends of a ranking are chosen for lying apart. With few repeats the
interval spans all repeats: the faster program must then have been faster in each of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

NOISE_MS = 1.0
"""Shorter times count as this long: two starts of one program differ by as much."""


@dataclass(frozen=True)
class RatioInterval:
    """The median of a ratio, with the ends of its confidence interval."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class ProgramSpeed:
    """The speed of one program.

    `relative` is the number of times as long as the fastest program it takes: the geometric mean over the inputs, with
    the import counted, so that work that is moved there gains nothing.
    """

    attempt_id: str
    cpu_ms: Mapping[str, float]
    """Median CPU time of the call by input, in ms."""
    import_ms: float
    relative: float
    by_input: Mapping[str, RatioInterval]
    """Ratio to the fastest program by input, with the import counted."""


@dataclass(frozen=True)
class SpeedRanking:
    """Programs from fastest to slowest."""

    speeds: tuple[ProgramSpeed, ...]
    slowdown: RatioInterval
    """Time of the slowest program by that of the fastest, on the input (with import or without) on which its interval
    begins lowest."""
    is_separated: bool
    """True where that interval lies above the least ratio."""


def rank_programs(
    attempt_ids: Sequence[str],
    times_ms: Mapping[str, Times],
    import_ms: Sequence[float],
    confidence: float,
    least_ratio: float,
) -> SpeedRanking:
    """Rank at least two programs.

    Args:
        attempt_ids: of the P programs.
        times_ms: by input, (P, R) CPU times of the calls alone, in ms; columns are repeats.
        import_ms: of the P programs, beyond the import of an empty program.
        confidence: probability that no interval of the problem misses its ratio.
        least_ratio: the bound above which the intervals of fastest and slowest must lie, on every input, with import
            and without.
    """
    count = len(attempt_ids)
    tail = (1 - confidence) / (count * (count - 1) / 2) / 2
    imports = np.asarray(import_ms, dtype=float)[:, None]
    call_times = {name: np.maximum(times, NOISE_MS) for name, times in times_ms.items()}
    whole_times = {name: np.maximum(times + imports, NOISE_MS) for name, times in times_ms.items()}
    logs = np.mean([np.log(np.median(times, axis=1)) for times in whole_times.values()], axis=0)
    order = sorted(range(count), key=lambda index: (logs[index], attempt_ids[index]))
    fastest, slowest = order[0], order[-1]
    speeds = tuple(
        ProgramSpeed(
            attempt_ids[index],
            {name: float(np.median(times[index])) for name, times in times_ms.items()},
            float(imports[index, 0]),
            float(np.exp(logs[index] - logs[fastest])),
            {name: bootstrap_interval(times[index] / times[fastest], tail) for name, times in whole_times.items()},
        )
        for index in order
    )
    intervals = [
        bootstrap_interval(times[slowest] / times[fastest], tail)
        for times in (*call_times.values(), *whole_times.values())
    ]
    slowdown = min(intervals, key=lambda interval: interval.low)
    return SpeedRanking(speeds, slowdown, slowdown.low > least_ratio)


def bootstrap_interval(ratios: Times, tail: float) -> RatioInterval:
    """Return the median of (R,) ratios with its interval; `tail` is the probability left out at each end.

    The bootstrap's median of R values is at most the k-th smallest where at least half of R draws are, each with
    probability k / R. Of an even number the lower middle counts for the lower end, the upper one for the upper end.
    """
    ordered, count = np.sort(ratios), len(ratios)
    first = _low_order_statistic(count, tail)
    return RatioInterval(float(np.median(ordered)), float(ordered[first - 1]), float(ordered[count - first]))


@lru_cache
def _low_order_statistic(count: int, tail: float) -> int:
    """Return the least k for which the bootstrap's median of `count` values is at most the k-th with more than `tail`.

    k counts from 1, in ascending order of the values.
    """
    middle = (count + 1) // 2

    def probability_at_most(k: int) -> float:
        share = k / count
        terms = (math.comb(count, n) * share**n * (1 - share) ** (count - n) for n in range(middle, count + 1))
        return math.fsum(terms)

    return next(k for k in range(1, count + 1) if probability_at_most(k) > tail)
