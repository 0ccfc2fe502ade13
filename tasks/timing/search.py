"""How large an input must be: until the slowest program takes long enough, and no further."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FINE = 1.1  # scales nearer to each other than this make no difference


@dataclass(frozen=True)
class Trial:
    """What came of one scale."""

    scale: float
    slowest_ms: float | None
    """CPU time of the slowest program; None where it was too much: for a limit, for the text, or to agree on."""


def following(trials: Sequence[Trial], least_ms: float, largest: float) -> float | None:
    """The scale to try next; None where the search is over. The first is 1.

    Quadruple, then double; between one that was too fast and one that was too much, halve the way (geometrically).
    """
    if not trials:
        return 1.0
    fine = [trial for trial in trials if trial.slowest_ms is not None]
    if not fine:
        return None
    last = max(fine, key=lambda trial: trial.scale)
    assert last.slowest_ms is not None
    if last.slowest_ms >= least_ms:
        return None
    beyond = min((trial.scale for trial in trials if trial.slowest_ms is None), default=None)
    if beyond is not None:
        return math.sqrt(last.scale * beyond) if beyond / last.scale > FINE else None
    faster = 4 if last.slowest_ms < least_ms / 8 else 2
    return min(last.scale * faster, largest) if last.scale < largest else None


def settled(trials: Sequence[Trial], least_ms: float) -> float | None:
    """The scale to measure at: the first that the slowest program took long enough on; None where there is none."""
    return min((t.scale for t in trials if t.slowest_ms is not None and t.slowest_ms >= least_ms), default=None)
