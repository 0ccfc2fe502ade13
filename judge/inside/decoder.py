"""The reading half of the codec, for bytes that nobody vouches for; see codec.py."""

import collections
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .codec import MAX_DEPTH, MAX_INT_BYTES, MAX_ITEMS, TYPES, CodecError, Record

_PACKED: dict[bytes, tuple[type, str]] = {
    b"j": (list, "q"),
    b"g": (list, "d"),
    b"u": (tuple, "q"),
    b"w": (tuple, "d"),
}
_SINGLE = {b"N": None, b"T": True, b"F": False, b".": Ellipsis, b"!": NotImplemented}
_UTC = timezone.utc  # noqa: UP017  (datetime.UTC is the same object; this name also exists in older interpreters)


class Decoder:
    """Reads one value from bytes nobody vouches for; `import_(tag, fields)` answers for a handle."""

    def __init__(self, import_: Callable[[bytes, Any], Any]) -> None:
        self._import = import_
        self._data, self._at, self._items = b"", 0, 0

    def decode(self, data: bytes) -> Any:
        """The value; raises CodecError on anything but exactly one well-formed value within bounds."""
        # A set of the other end's objects asks for their hashes, and so decodes while it is being decoded.
        outer = self._data, self._at, self._items
        self._data, self._at, self._items = data, 0, 0
        try:
            value = self._get(0)
            if self._at != len(data):
                raise CodecError("bytes after the value")
        except CodecError:
            raise
        except (struct.error, TypeError, ValueError, ArithmeticError, IndexError, RecursionError) as error:
            raise CodecError(f"not a value: {type(error).__name__}") from None
        finally:
            self._data, self._at, self._items = outer
        return value

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise CodecError("ends too early")
        part = self._data[self._at : end]
        self._at = end
        return part

    def _list(self, depth: int) -> list[Any]:
        count = int.from_bytes(self._take(4), "big")
        self._items += count
        if self._items > MAX_ITEMS or depth > MAX_DEPTH or count > len(self._data) - self._at:
            raise CodecError("out of bounds")
        return [self._get(depth + 1) for _ in range(count)]

    def _get(self, depth: int) -> Any:
        tag = self._take(1)
        if tag == b"i":
            return int.from_bytes(self._take(8), "big", signed=True)
        if tag == b"s":
            return self._blob().decode("utf-8", "surrogatepass")
        if tag in _SINGLE:
            return _SINGLE[tag]
        if tag == b"f":
            return struct.unpack(">d", self._take(8))[0]
        if tag == b"c":
            return complex(*struct.unpack(">dd", self._take(16)))
        if tag in _BLOBS:
            return _BLOBS[tag](self._blob())
        if tag in _PACKED:
            return self._numbers(*_PACKED[tag])
        if tag in _LISTS:
            return _LISTS[tag](self._list(depth))
        if tag == b"R":
            name, fields, values = self._blob().decode(), self._get(depth + 1), self._get(depth + 1)
            return _record(name, fields, values)
        if tag in b"HBX":
            return self._import(tag, self._get(depth + 1))
        if tag in READERS:
            return READERS[tag](self, depth)
        raise CodecError(f"unknown tag {tag!r}")

    def _numbers(self, kind: type, code: str) -> Any:
        raw = self._blob()
        self._items += len(raw) // 8
        if self._items > MAX_ITEMS:
            raise CodecError("out of bounds")
        return kind(struct.unpack(f">{len(raw) // 8}{code}", raw))

    def _blob(self) -> bytes:
        return self._take(int.from_bytes(self._take(4), "big"))


def _record(name: str, fields: Any, values: Any) -> Any:
    if type(fields) is not tuple or type(values) is not tuple or len(fields) != len(values):
        raise CodecError("a record without its fields")
    if not name.isidentifier() or not all(type(f) is str and f.isidentifier() and f[0] != "_" for f in fields):
        return values
    return type(name, (Record,), {"_fields": fields})(values)


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    if len(flat) % 2:
        raise CodecError("a key without a value")
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _zone(offset: Any) -> timezone | None:
    return None if offset is None else _UTC if offset == 0 else timezone(timedelta(microseconds=offset))


def _big(raw: bytes) -> int:
    if len(raw) > MAX_INT_BYTES:
        raise CodecError("an integer out of bounds")
    return int.from_bytes(raw, "big", signed=True)


def _decimal(raw: bytes) -> Decimal:
    if len(raw) > MAX_INT_BYTES:
        raise CodecError("a decimal out of bounds")
    return Decimal(raw.decode("ascii"))


READERS: dict[bytes, Callable[[Decoder, int], Any]] = {}
"""Readers of what packages bring (arrays.py, frames.py), by tag; without packages there are none."""
_BLOBS: dict[bytes, Callable[[bytes], Any]] = {
    b"b": lambda raw: raw,
    b"y": bytearray,
    b"I": _big,
    b"m": _decimal,
    b"t": lambda raw: TYPES[raw.decode()] if raw.decode() in TYPES else _unknown(raw),
}


def _unknown(raw: bytes) -> Any:
    raise CodecError(f"unknown type {raw[:40]!r}")


_LISTS: dict[bytes, Callable[[list[Any]], Any]] = {
    b"[": lambda v: v,
    b"(": tuple,
    b"<": set,
    b">": frozenset,
    b"{": _pairs,
    b"C": lambda v: collections.Counter(_pairs(v)),
    b"O": lambda v: collections.OrderedDict(_pairs(v)),
    b"Q": lambda v: collections.deque(v[1:], v[0]),
    b"k": lambda v: dict.fromkeys(v).keys(),
    b"v": lambda v: dict(enumerate(v)).values(),
    b"e": lambda v: dict(v).items(),
    b"r": lambda v: range(*v),
    b":": lambda v: slice(*v),
    b"/": lambda v: Fraction(*v),
    b"d": lambda v: date(*v),
    b"D": lambda v: datetime(*v[:7]).replace(tzinfo=_zone(v[7]), fold=v[8]),
    b"h": lambda v: time(*v[:4]).replace(tzinfo=_zone(v[4]), fold=v[5]),
    b"l": lambda v: timedelta(*v),
}
