"""Compute the address of an answer: short, and the same for two answers that tests could not tell apart.

It follows Python's own equality: numbers count by value (True, 1 and 1.0 are one), sets and dicts have no order, and
lists differ from tuples. Another order of summation must not give another address. Floats are therefore rounded to 9
significant digits, those below 1e-12 are 0, and nan equals nan. Integers from 10^9 on are exact, and equal no float.
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
EXACT = 10**DIGITS  # integers below it keep all their digits as rounded floats
BYTES = 12


def require_plain(value: Any) -> Any:
    """Return the value; raises NotPlainError for a proxy, since what such an object computes later is not timed."""
    if isinstance(value, Proxy):
        raise NotPlainError(f"the answer is {describe(value)}, not plain data")
    return value


def digest(value: object) -> str:
    """Return the address as hexadecimal digits; raises NotPlainError where any part of the value is no plain data."""
    return hashlib.blake2b(_render(value).encode(), digest_size=BYTES).hexdigest()


def _render(value: Any) -> str:
    kind = type(value)
    if kind is int or kind is bool:
        return str(int(value)) if -EXACT < value < EXACT else hex(value)
    if kind is float:
        return _render_float(value)
    if kind is str:
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return f"[{_render_all(value)}]" if isinstance(value, list) else f"({_render_all(value)})"
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{_render(key)}:{_render(value[key])}" for key in value)) + "}"
    if isinstance(value, set | frozenset | type({}.keys()) | type({}.items())):
        return "<" + ",".join(sorted(map(_render, value))) + ">"
    if isinstance(value, bytes | bytearray):
        return "b" + value.hex()
    return _render_rare(value)


def _render_all(values: Iterable[Any]) -> str:
    return ",".join(map(_render, values))


def _render_float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    rounded = float(f"{value:.{DIGITS - 1}e}") if abs(value) >= TINY else 0.0
    return str(int(rounded)) if abs(rounded) < EXACT and rounded.is_integer() else f"{rounded:.{DIGITS - 1}e}"


def _render_rare(value: Any) -> str:
    kind = type(value)
    if value is None or value is Ellipsis or value is NotImplemented:
        return str(value)
    if kind is complex:
        real, imag = _render_float(value.real), _render_float(value.imag)
        return real if imag == "0" else f"complex({real},{imag})"
    if kind is Decimal or kind is Fraction:
        exact = value.is_finite() if kind is Decimal else True
        return _render(int(value)) if exact and value == int(value) else f"{kind.__name__}({_render_exact(value)})"
    if kind is range:
        return f"range({len(value)},{value[0]},{value.step})" if len(value) > 1 else f"range({list(value)})"
    if kind is collections.deque:
        return f"deque[{_render_all(value)}]"
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        inner = _render(value.tolist())
        return f"array{inner}" if kind.__name__ == "ndarray" else inner
    if isinstance(value, date | datetime | time | timedelta | slice):
        return repr(value)
    if isinstance(value, type) and not hasattr(value, "_patchmill_remote"):
        return f"type({value.__name__})"
    require_plain(value)
    raise NotPlainError(f"the answer is a {kind.__name__}, which can't be compared")


def _render_exact(value: Decimal | Fraction) -> str:
    return str(value.normalize() if isinstance(value, Decimal) else value)
