"""Read values from bytes that may be hostile; see codec.py."""

import collections
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .codec import MAX_DEPTH, MAX_INT_BYTES, MAX_ITEMS, TYPES, CodecError, NamedRecord

_PACKED: dict[bytes, tuple[type, str]] = {
    b"j": (list, "q"),
    b"g": (list, "d"),
    b"u": (tuple, "q"),
    b"w": (tuple, "d"),
}
_SINGLE = {b"N": None, b"T": True, b"F": False, b".": Ellipsis, b"!": NotImplemented}
_UTC = timezone.utc  # noqa: UP017  (datetime.UTC is the same object; this name also exists in older interpreters)


class Decoder:
    """Reads one value from untrusted bytes; `import_(tag, fields)` returns the object of a handle."""

    def __init__(self, import_: Callable[[bytes, Any], Any]) -> None:
        self._import = import_
        self._data, self._at, self._items = b"", 0, 0

    def decode(self, data: bytes) -> Any:
        """Return the value; raises CodecError on anything but exactly one well-formed value within bounds."""
        # Building a set of remote objects asks for their hashes, and so decodes messages while it is being decoded.
        outer = self._data, self._at, self._items
        self._data, self._at, self._items = data, 0, 0
        try:
            value = self._read(0)
            if self._at != len(data):
                raise CodecError("bytes after the value")
        except CodecError:
            raise
        except (struct.error, TypeError, ValueError, ArithmeticError, IndexError, RecursionError) as error:
            raise CodecError(f"not a value: {type(error).__name__}") from None
        finally:
            self._data, self._at, self._items = outer
        return value

    def take(self, count: int) -> bytes:
        """Return the next bytes, exactly so many."""
        end = self._at + count
        if end > len(self._data):
            raise CodecError("ends too early")
        part = self._data[self._at : end]
        self._at = end
        return part

    def read_list(self, depth: int) -> list[Any]:
        """Return the next length-prefixed values."""
        count = int.from_bytes(self.take(4), "big")
        self._items += count
        if self._items > MAX_ITEMS or depth > MAX_DEPTH or count > len(self._data) - self._at:
            raise CodecError("out of bounds")
        return [self._read(depth + 1) for _ in range(count)]

    def _read(self, depth: int) -> Any:
        tag = self.take(1)
        if tag == b"i":
            return int.from_bytes(self.take(8), "big", signed=True)
        if tag == b"s":
            return self.read_blob().decode("utf-8", "surrogatepass")
        if tag in _SINGLE:
            return _SINGLE[tag]
        if tag == b"f":
            return struct.unpack(">d", self.take(8))[0]
        if tag == b"c":
            return complex(*struct.unpack(">dd", self.take(16)))
        if tag in _BLOBS:
            return _BLOBS[tag](self.read_blob())
        if tag in _PACKED:
            return self._read_numbers(*_PACKED[tag])
        if tag in _LISTS:
            return _LISTS[tag](self.read_list(depth))
        if tag == b"R":
            name, fields, values = self.read_blob().decode(), self._read(depth + 1), self._read(depth + 1)
            return _make_record(name, fields, values)
        if tag in b"HBX":
            return self._import(tag, self._read(depth + 1))
        if tag in READERS:
            return READERS[tag](self, depth)
        raise CodecError(f"unknown tag {tag!r}")

    def _read_numbers(self, kind: type, code: str) -> Any:
        raw = self.read_blob()
        self._items += len(raw) // 8
        if self._items > MAX_ITEMS:
            raise CodecError("out of bounds")
        return kind(struct.unpack(f">{len(raw) // 8}{code}", raw))

    def read_blob(self) -> bytes:
        """Return the next length-prefixed bytes."""
        return self.take(int.from_bytes(self.take(4), "big"))


def _make_record(name: str, fields: Any, values: Any) -> Any:
    if type(fields) is not tuple or type(values) is not tuple or len(fields) != len(values):
        raise CodecError("a record without its fields")
    if not name.isidentifier() or not all(type(f) is str and f.isidentifier() and f[0] != "_" for f in fields):
        return values
    return type(name, (NamedRecord,), {"_fields": fields})(values)


def _make_dict(flat: list[Any]) -> dict[Any, Any]:
    if len(flat) % 2:
        raise CodecError("a key without a value")
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _make_zone(offset: Any) -> timezone | None:
    return None if offset is None else _UTC if offset == 0 else timezone(timedelta(microseconds=offset))


def _make_int(raw: bytes) -> int:
    if len(raw) > MAX_INT_BYTES:
        raise CodecError("an integer out of bounds")
    return int.from_bytes(raw, "big", signed=True)


def _make_decimal(raw: bytes) -> Decimal:
    if len(raw) > MAX_INT_BYTES:
        raise CodecError("a decimal out of bounds")
    return Decimal(raw.decode("ascii"))


def _find_type(raw: bytes) -> Any:
    name = raw.decode()
    if name not in TYPES:
        raise CodecError(f"unknown type {raw[:40]!r}")
    return TYPES[name]


READERS: dict[bytes, Callable[[Decoder, int], Any]] = {}
"""Readers of values of packages (arrays.py, frames.py), by tag; without packages there are none."""
_BLOBS: dict[bytes, Callable[[bytes], Any]] = {
    b"b": lambda raw: raw,
    b"y": bytearray,
    b"I": _make_int,
    b"m": _make_decimal,
    b"t": _find_type,
}
_LISTS: dict[bytes, Callable[[list[Any]], Any]] = {
    b"[": lambda items: items,
    b"(": tuple,
    b"<": set,
    b">": frozenset,
    b"{": _make_dict,
    b"C": lambda items: collections.Counter(_make_dict(items)),
    b"O": lambda items: collections.OrderedDict(_make_dict(items)),
    b"Q": lambda items: collections.deque(items[1:], items[0]),
    b"k": lambda items: dict.fromkeys(items).keys(),
    b"v": lambda items: dict(enumerate(items)).values(),
    b"e": lambda items: dict(items).items(),
    b"r": lambda items: range(*items),
    b":": lambda items: slice(*items),
    b"/": lambda items: Fraction(*items),
    b"d": lambda items: date(*items),
    b"D": lambda items: datetime(*items[:7]).replace(tzinfo=_make_zone(items[7]), fold=items[8]),
    b"h": lambda items: time(*items[:4]).replace(tzinfo=_make_zone(items[4]), fold=items[5]),
    b"l": lambda items: timedelta(*items),
}
