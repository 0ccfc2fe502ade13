"""When the output of a stdio program counts as the expected one."""

import math
from decimal import Decimal

TOLERANCE = 1e-6


def same_output(got: bytes, want: str) -> str:
    """Empty if equal, else what differs first.

    Both are split at white space, so blanks, line ends and trailing blanks don't count; there must be equally many
    tokens. Two tokens are equal if they are the same text, or if both are numbers, at least one of them written with
    a point or an exponent, and the same number; where the expected one is written so, they may differ by 1e-6,
    absolutely or relative to it. An expected integer has no tolerance: 1e17 is not 100000000000000001.
    """
    ours, theirs = got.decode("utf-8", "replace").split(), want.split()
    for at, (one, other) in enumerate(zip(ours, theirs, strict=False), 1):
        if one != other and not _close(one, other):
            return f"token {at} is {_short(one)}, expected {_short(other)}"
    if len(ours) != len(theirs):
        missing = f"; the first missing is {_short(theirs[len(ours)])}" if len(ours) < len(theirs) else ""
        extra = f"; the first extra is {_short(ours[len(theirs)])}" if len(ours) > len(theirs) else ""
        return f"{len(ours)} tokens of output, expected {len(theirs)}{missing}{extra}"
    return ""


def _close(one: str, other: str) -> bool:
    if len(one) > 400 or len(other) > 400 or not (one.isascii() and other.isascii()) or "_" in one + other:
        return False
    if not any(mark in token for token in (one, other) for mark in ".eE"):
        return False
    try:
        got, want = float(one), float(other)
    except ValueError:
        return False
    if not (math.isfinite(want) and math.isfinite(got)):
        return False
    if not any(mark in other for mark in ".eE"):
        return Decimal(one) == Decimal(other)
    return abs(got - want) <= TOLERANCE * max(1.0, abs(want))


def _short(token: str) -> str:
    return repr(token if len(token) <= 80 else token[:77] + "...")
