"""Search the scale at which the slowest program takes long enough to be measured. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

RESOLUTION = 1.1  # the search ends between two scales whose ratio is smaller


@dataclass(frozen=True)
class Trial:
    """The outcome of one scale."""

    scale: float
    slowest_ms: float | None
    """CPU time of the slowest program; None where the input was too large: for a limit, the text or an agreement."""


def next_scale(trials: Sequence[Trial], least_ms: float, largest: float) -> float | None:
    """Return the scale to try next, or None where the search has ended. The first is 1.

    Scales grow by 4, near `least_ms` by 2. Between a scale that was too fast and one that was too large, the next is
    their geometric mean.

    Args:
        trials: so far.
        least_ms: CPU time that the slowest program has to take.
        largest: scale at which growth ends.
    """
    if not trials:
        return 1.0
    measured = [(trial.scale, trial.slowest_ms) for trial in trials if trial.slowest_ms is not None]
    if not measured:
        return None
    scale, slowest_ms = max(measured)
    if slowest_ms >= least_ms:
        return None
    too_large = min((trial.scale for trial in trials if trial.slowest_ms is None), default=None)
    if too_large is not None:
        return math.sqrt(scale * too_large) if too_large / scale > RESOLUTION else None
    factor = 4 if slowest_ms < least_ms / 8 else 2
    return min(scale * factor, largest) if scale < largest else None


def sufficient_scale(trials: Sequence[Trial], least_ms: float) -> float | None:
    """Return the smallest scale on which the slowest program took `least_ms` of CPU time, or None."""
    sufficient = (t.scale for t in trials if t.slowest_ms is not None and t.slowest_ms >= least_ms)
    return min(sufficient, default=None)
