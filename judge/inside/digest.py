"""The address of an answer: the same for two that tests could not tell apart, and short enough to keep.

As Python's own equality has it: numbers by value (True, 1 and 1.0 are one), sets and dicts in any order, lists apart
from tuples. Besides, so that another order of summation is no other answer: floats are rounded to 9 significant digits,
below 1e-12 they are 0, and nan is nan. Integers from 10^9 on are exact, and no float.
"""

import collections
import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .proxy import NotPlainError, Proxy, describe

DIGITS = 9
TINY = 1e-12
EXACT = 10**DIGITS  # integers below are told by all their digits also as rounded floats
BYTES = 12


def plain(value: Any) -> Any:
    """The value, unless it is an object of the candidate's: what is worked out later would not be timed."""
    if isinstance(value, Proxy):
        raise NotPlainError(f"the answer is {describe(value)}, not plain data")
    return value


def digest(value: Any) -> str:
    """Raises NotPlainError where anything in it is no plain data."""
    return hashlib.blake2b(_text(value).encode(), digest_size=BYTES).hexdigest()


def _text(value: Any) -> str:
    kind = type(value)
    if kind is int or kind is bool:
        return str(int(value)) if -EXACT < value < EXACT else hex(value)
    if kind is float:
        return _float(value)
    if kind is str:
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return f"[{_many(value)}]" if isinstance(value, list) else f"({_many(value)})"
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{_text(key)}:{_text(value[key])}" for key in value)) + "}"
    if isinstance(value, set | frozenset | type({}.keys()) | type({}.items())):
        return "<" + ",".join(sorted(map(_text, value))) + ">"
    if isinstance(value, bytes | bytearray):
        return "b" + value.hex()
    return _rare(value)


def _many(values: Iterable[Any]) -> str:
    return ",".join(map(_text, values))


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    rounded = float(f"{value:.{DIGITS - 1}e}") if abs(value) >= TINY else 0.0
    return str(int(rounded)) if abs(rounded) < EXACT and rounded.is_integer() else f"{rounded:.{DIGITS - 1}e}"


def _rare(value: Any) -> str:
    kind = type(value)
    if value is None or value is Ellipsis or value is NotImplemented:
        return str(value)
    if kind is complex:
        real, imag = _float(value.real), _float(value.imag)
        return real if imag == "0" else f"complex({real},{imag})"
    if kind is Decimal or kind is Fraction:
        exact = value.is_finite() if kind is Decimal else True
        return _text(int(value)) if exact and value == int(value) else f"{kind.__name__}({_own(value)})"
    if kind is range:
        return f"range({len(value)},{value[0]},{value.step})" if len(value) > 1 else f"range({list(value)})"
    if kind is collections.deque:
        return f"deque[{_many(value)}]"
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        inner = _text(value.tolist())
        return f"array{inner}" if kind.__name__ == "ndarray" else inner
    if isinstance(value, date | datetime | time | timedelta | slice):
        return repr(value)
    if isinstance(value, type) and not hasattr(value, "_patchmill_remote"):
        return f"type({value.__name__})"
    plain(value)
    raise NotPlainError(f"the answer is a {kind.__name__}, which can't be compared")


def _own(value: Decimal | Fraction) -> str:
    return str(value.normalize() if isinstance(value, Decimal) else value)
