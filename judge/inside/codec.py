"""Limits, types and errors of the binary codec between driver and candidate; see encoder.py and decoder.py.

A value is one tag byte, then fixed-width fields or a 4-byte big-endian length. Only plain values cross, within bounds,
and nothing is ever executed. Subclasses are written as the plain value of their builtin base. An object that is not
plain crosses as a numbered handle: `export` of the sender writes it, `import_` of the receiver reads it.
"""

import collections
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_FRAME = 64 << 20
MAX_ITEMS = 2_000_000
MAX_DEPTH = 200
MAX_INT_BYTES = 128 << 10

TYPES: dict[str, type] = {
    t.__name__: t
    for t in (
        object, bool, int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range, slice, type,
        type(None), Decimal, Fraction, date, datetime, time, timedelta, collections.Counter, collections.OrderedDict,
        collections.defaultdict, collections.deque,
    )
}  # fmt: skip
EXCEPTIONS: dict[str, type[BaseException]] = {
    name: value
    for name, value in vars(__import__("builtins")).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
TYPES.update(EXCEPTIONS)
TYPE_NAMES = {id(value): name for name, value in TYPES.items()}


class CodecError(ValueError):
    """A value that cannot cross, or bytes that are no value."""


class NamedRecord(tuple):  # type: ignore[type-arg]
    """A named tuple of the other process: a plain tuple whose fields also have names."""

    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)
