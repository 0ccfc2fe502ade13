"""The typed binary codec between driver and candidate: plain values only, bounded, nothing is ever executed.

One tag byte, then fixed-width fields or a 4-byte big-endian length. Subclasses are written as the plain value of their
builtin base. What is not plain goes through `export` (sender) and `import_` (receiver) as a numbered handle.
"""

import collections
import struct
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_FRAME = 64 << 20
MAX_ITEMS = 2_000_000
MAX_DEPTH = 300
MAX_INT_BYTES = 128 << 10

_TYPES: dict[str, type] = {
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
_TYPES.update(EXCEPTIONS)
_NAMES = {id(value): name for name, value in _TYPES.items()}
_SINGLE = {b"N": None, b"T": True, b"F": False, b".": Ellipsis, b"!": NotImplemented}
_VIEWS = {type({}.keys()): b"k", type({}.values()): b"v", type({}.items()): b"e"}
_UTC = timezone.utc  # noqa: UP017  (datetime.UTC is the same object; this name also exists in older interpreters)


class CodecError(ValueError):
    """A value that cannot cross, or bytes that are no value."""


class Record(tuple):  # type: ignore[type-arg]
    """A named tuple from the other side: a plain tuple whose fields also have names."""

    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)


class Encoder:
    """Writes one value; `export(object)` answers what stands for an object that is not plain (already encoded)."""

    def __init__(self, export: Callable[[Any], bytes]) -> None:
        self._export = export

    def encode(self, value: Any) -> bytes:
        """Bytes of `value`; raises CodecError where it is too deep, too long or refers to itself."""
        out = bytearray()
        self._items = 0
        self._put(out, value, 0)
        return bytes(out)

    def _put(self, out: bytearray, value: Any, depth: int) -> None:
        kind = type(value)
        write = _WRITERS.get(kind)
        if write is not None:
            write(self, out, value, depth)
        elif value is None or value is Ellipsis or value is NotImplemented:
            out += b"N" if value is None else b"." if value is Ellipsis else b"!"
        elif issubclass(kind, type) and id(value) in _NAMES:
            _text(out, b"t", _NAMES[id(value)])
        elif kind in _VIEWS:
            self._many(out, _VIEWS[kind], value, len(value), depth)
        else:
            for base in kind.__mro__[1:-1]:
                if base in _WRITERS:
                    fields = getattr(kind, "_fields", None)
                    if base is tuple and isinstance(fields, tuple) and len(fields) == tuple.__len__(value):
                        self._record(out, value, fields, depth)
                    else:
                        _WRITERS[base](self, out, value, depth)
                    return
            out += self._export(value)

    def _many(self, out: bytearray, tag: bytes, items: Iterable[Any], count: int, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise CodecError(f"nested deeper than {MAX_DEPTH} levels, or refers to itself")
        self._items += count
        if self._items > MAX_ITEMS or len(out) > MAX_FRAME:
            raise CodecError("too large to be an answer")
        out += tag
        out += count.to_bytes(4, "big")
        put = self._put
        done = 0
        for item in items:
            put(out, item, depth + 1)
            done += 1
        if done != count:
            raise CodecError("changed its length while it was read")

    def _record(self, out: bytearray, value: Any, fields: tuple[Any, ...], depth: int) -> None:
        _text(out, b"R", type(value).__name__)
        self._put(out, tuple(str(field) for field in fields), depth + 1)
        self._many(out, b"(", tuple.__iter__(value), tuple.__len__(value), depth)

    def _mapping(self, out: bytearray, tag: bytes, value: dict[Any, Any], depth: int) -> None:
        flat = [part for pair in dict.items(value) for part in pair]
        self._many(out, tag, flat, len(flat), depth)


def _text(out: bytearray, tag: bytes, text: str) -> None:
    _blob(out, tag, str.encode(text, "utf-8", "surrogatepass"))


def _blob(out: bytearray, tag: bytes, raw: bytes | bytearray) -> None:
    if len(raw) > MAX_FRAME:
        raise CodecError("too large to be an answer")
    out += tag
    out += len(raw).to_bytes(4, "big")
    out += raw


def _int(self: Encoder, out: bytearray, value: int, depth: int) -> None:
    value = int.__index__(value)
    if -(2**63) <= value < 2**63:
        out += b"i" + value.to_bytes(8, "big", signed=True)
        return
    size = value.bit_length() // 8 + 1
    if size > MAX_INT_BYTES:
        raise CodecError(f"an integer of {size} bytes")
    _blob(out, b"I", value.to_bytes(size, "big", signed=True))


def _float(self: Encoder, out: bytearray, value: float, depth: int) -> None:
    out += b"f" + struct.pack(">d", value)


def _complex(self: Encoder, out: bytearray, value: complex, depth: int) -> None:
    out += b"c" + struct.pack(">dd", complex.__complex__(value).real, complex.__complex__(value).imag)


def _offset(moment: datetime | time) -> int | None:
    offset = moment.utcoffset()
    return None if offset is None else offset // timedelta(microseconds=1)


def _moment(self: Encoder, out: bytearray, value: Any, depth: int) -> None:
    clock = () if not isinstance(value, datetime | time) else (
        value.hour, value.minute, value.second, value.microsecond, _offset(value), value.fold
    )  # fmt: skip
    day = () if isinstance(value, time) else (value.year, value.month, value.day)
    tag = b"D" if isinstance(value, datetime) else b"d" if day else b"h"
    self._many(out, tag, (*day, *clock), len(day) + len(clock), depth)


_Writer = Callable[[Encoder, bytearray, Any, int], None]
_WRITERS: dict[type, _Writer] = {
    int: _int,
    bool: lambda s, o, v, d: o.extend(b"T" if v else b"F"),
    float: _float,
    complex: _complex,
    str: lambda s, o, v, d: _text(o, b"s", v),
    bytes: lambda s, o, v, d: _blob(o, b"b", v),
    bytearray: lambda s, o, v, d: _blob(o, b"y", v),
    list: lambda s, o, v, d: s._many(o, b"[", list.__iter__(v), list.__len__(v), d),
    tuple: lambda s, o, v, d: s._many(o, b"(", tuple.__iter__(v), tuple.__len__(v), d),
    set: lambda s, o, v, d: s._many(o, b"<", set.__iter__(v), set.__len__(v), d),
    frozenset: lambda s, o, v, d: s._many(o, b">", frozenset.__iter__(v), frozenset.__len__(v), d),
    dict: lambda s, o, v, d: s._mapping(o, b"{", v, d),
    collections.Counter: lambda s, o, v, d: s._mapping(o, b"C", v, d),
    collections.OrderedDict: lambda s, o, v, d: s._mapping(o, b"O", v, d),
    collections.deque: lambda s, o, v, d: s._many(o, b"Q", [v.maxlen, *v], len(v) + 1, d),
    range: lambda s, o, v, d: s._many(o, b"r", (v.start, v.stop, v.step), 3, d),
    slice: lambda s, o, v, d: s._many(o, b":", (v.start, v.stop, v.step), 3, d),
    Decimal: lambda s, o, v, d: _text(o, b"m", Decimal.__str__(v)),
    Fraction: lambda s, o, v, d: s._many(o, b"/", (v._numerator, v._denominator), 2, d),
    datetime: _moment,
    date: _moment,
    time: _moment,
    timedelta: lambda s, o, v, d: s._many(o, b"l", (v.days, v.seconds, v.microseconds), 3, d),
}


class Decoder:
    """Reads one value from bytes nobody vouches for; `import_(tag, fields)` answers for a handle."""

    def __init__(self, import_: Callable[[bytes, Any], Any]) -> None:
        self._import = import_

    def decode(self, data: bytes) -> Any:
        """The value; raises CodecError on anything but exactly one well-formed value within bounds."""
        self._data, self._at, self._items = data, 0, 0
        try:
            value = self._get(0)
        except CodecError:
            raise
        except (struct.error, TypeError, ValueError, ArithmeticError, IndexError, RecursionError) as error:
            raise CodecError(f"not a value: {type(error).__name__}") from None
        if self._at != len(data):
            raise CodecError("bytes after the value")
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
        if tag in _LISTS:
            return _LISTS[tag](self._list(depth))
        if tag == b"R":
            name, fields, values = self._blob().decode(), self._get(depth + 1), self._get(depth + 1)
            return _record(name, fields, values)
        if tag in b"HBX":
            return self._import(tag, self._get(depth + 1))
        raise CodecError(f"unknown tag {tag!r}")

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


_BLOBS: dict[bytes, Callable[[bytes], Any]] = {
    b"b": lambda raw: raw,
    b"y": bytearray,
    b"I": _big,
    b"m": _decimal,
    b"t": lambda raw: _TYPES[raw.decode()] if raw.decode() in _TYPES else _unknown(raw),
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
