"""The typed binary codec between driver and candidate: plain values only, bounded, nothing is ever executed.

One tag byte, then fixed-width fields or a 4-byte big-endian length. Subclasses are written as the plain value of their
builtin base. What is not plain goes through `export` (sender) and `import_` (receiver) as a numbered handle.
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


class Record(tuple):  # type: ignore[type-arg]
    """A named tuple from the other side: a plain tuple whose fields also have names."""

    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)
