"""Which of several programs is faster, as far as their measurements leave no doubt.

Programs are compared repeat by repeat, since those of one repeat had the same values and ran one after another: the
ratio of two is the median of their ratios in each repeat. Its interval is that of the percentile bootstrap over
repeats, which for a median has a closed form, so that nothing is drawn; its confidence is divided among all pairs of
the problem (Bonferroni), since the two ends of a ranking are chosen for lying apart. With few repeats that interval is
as wide as the repeats themselves: the faster must then have been the faster one in each of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

FLOOR_MS = 1.0
"""Less than this is not told from nothing: how much two starts of one program differ by."""


@dataclass(frozen=True)
class Interval:
    """Median and ends of a ratio."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Speed:
    """One program: its medians (ms) by input, its import, and how many times as long as the fastest it takes.

    `relative` is the geometric mean over the inputs, import included: work that is moved there gains nothing.
    """

    attempt_id: str
    cpu_ms: Mapping[str, float]
    import_ms: float
    relative: float
    by_input: Mapping[str, Interval]
    """The same by input, with its interval."""


@dataclass(frozen=True)
class Ranking:
    """Programs from fastest to slowest."""

    speeds: tuple[Speed, ...]
    gap: Interval
    """Of the last by the first, on the input where they lie closest, with import or without, whichever is less."""
    separated: bool
    """Whether that leaves no doubt."""


def interval(ratios: np.ndarray, tail: float) -> Interval:
    """Of the median of (R,) ratios; `tail` is the probability that is left out at each end.

    The bootstrap's median of R values is at most the k-th smallest where at least half of R draws are, each with
    probability k / R. Of an even number the lower middle counts for the lower end, the upper one for the upper end.
    """
    ordered, count = np.sort(ratios), len(ratios)
    first = _rank(count, tail)
    return Interval(float(np.median(ordered)), float(ordered[first - 1]), float(ordered[count - first]))


@lru_cache
def _rank(count: int, tail: float) -> int:
    """The least k for which the bootstrap's median of `count` values is at most the k-th with more than `tail`."""
    middle = (count + 1) // 2

    def at_most(k: int) -> float:
        share = k / count
        terms = (math.comb(count, n) * share**n * (1 - share) ** (count - n) for n in range(middle, count + 1))
        return math.fsum(terms)

    return next(k for k in range(1, count + 1) if at_most(k) > tail)


def ranking(
    attempts: Sequence[str],
    measured: Mapping[str, np.ndarray],
    import_ms: Sequence[float],
    confidence: float,
    least_ratio: float,
) -> Ranking:
    """Rank at least two programs.

    Args:
        attempts: ids of the P programs.
        measured: by input, (P, R) CPU times of the calls alone, in ms; columns are repeats.
        import_ms: of the P programs, beyond an empty program's.
        confidence: that no interval of the problem misses its ratio.
        least_ratio: what a pair's interval must stay above, on every input, with and without import.
    """
    count = len(attempts)
    tail = (1 - confidence) / (count * (count - 1) / 2) / 2
    imports = np.asarray(import_ms, dtype=float)[:, None]
    calls = {name: np.maximum(times, FLOOR_MS) for name, times in measured.items()}
    whole = {name: np.maximum(times + imports, FLOOR_MS) for name, times in measured.items()}
    logs = np.mean([np.log(np.median(times, axis=1)) for times in whole.values()], axis=0)
    order = sorted(range(count), key=lambda at: (logs[at], attempts[at]))
    fastest, slowest = order[0], order[-1]
    speeds = tuple(
        Speed(
            attempts[at],
            {name: float(np.median(times[at])) for name, times in measured.items()},
            float(imports[at, 0]),
            float(np.exp(logs[at] - logs[fastest])),
            {name: interval(times[at] / times[fastest], tail) for name, times in whole.items()},
        )
        for at in order
    )
    found = [interval(times[slowest] / times[fastest], tail) for times in (*calls.values(), *whole.values())]
    closest = min(found, key=lambda one: one.low)
    return Ranking(speeds, closest, closest.low > least_ratio)
