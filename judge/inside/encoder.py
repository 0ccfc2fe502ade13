"""Write values as bytes; see codec.py."""

import collections
import struct
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .codec import MAX_DEPTH, MAX_FRAME, MAX_INT_BYTES, MAX_ITEMS, TYPE_NAMES, CodecError

LONG = 32  # items; in longer lists, looking for a single type costs less than packing saves
_PACKED = {(b"[", "q"): b"j", (b"[", "d"): b"g", (b"(", "q"): b"u", (b"(", "d"): b"w"}
_VIEWS = {type({}.keys()): b"k", type({}.values()): b"v", type({}.items()): b"e"}


class Encoder:
    """Writes one value; `export(object)` returns the encoded handle of an object that is not plain."""

    def __init__(self, export: Callable[[Any], bytes]) -> None:
        self.export = export

    def encode(self, value: Any) -> bytes:
        """Return the bytes of `value`; raises CodecError where it is too deep, too long or refers to itself."""
        out = bytearray()
        self._items = 0
        try:
            self._write(out, value, 0)
        except RecursionError:
            raise CodecError("nested too deep") from None
        return bytes(out)

    def _write(self, out: bytearray, value: Any, depth: int) -> None:
        kind = type(value)
        write = _WRITERS.get(kind)
        if write is not None:
            write(self, out, value, depth)
        elif value is None or value is Ellipsis or value is NotImplemented:
            out += b"N" if value is None else b"." if value is Ellipsis else b"!"
        elif issubclass(kind, type) and id(value) in TYPE_NAMES:
            _write_text(out, b"t", TYPE_NAMES[id(value)])
        elif kind in _VIEWS:
            self.write_many(out, _VIEWS[kind], value, len(value), depth)
        else:
            for write_value in PACKAGE_WRITERS:
                if write_value(self, out, value, depth):
                    return
            for base in kind.__mro__[1:-1]:
                if base in _WRITERS:
                    fields = getattr(kind, "_fields", None)
                    if base is tuple and isinstance(fields, tuple) and len(fields) == tuple.__len__(value):
                        self._write_record(out, value, fields, depth)
                    else:
                        _WRITERS[base](self, out, value, depth)
                    return
            out += self.export(value)

    def write_many(self, out: bytearray, tag: bytes, items: Iterable[Any], count: int, depth: int) -> None:
        """Write a tag, the number of items, and the items; raises CodecError where that passes a bound."""
        if depth >= MAX_DEPTH:
            raise CodecError(f"nested deeper than {MAX_DEPTH} levels, or refers to itself")
        self._items += count
        if self._items > MAX_ITEMS or len(out) > MAX_FRAME:
            raise CodecError("too large to be an answer")
        out += tag
        out += count.to_bytes(4, "big")
        write = self._write
        written = 0
        for item in items:
            write(out, item, depth + 1)
            written += 1
        if written != count:
            raise CodecError("changed its length while it was read")

    def _write_list(self, out: bytearray, value: list[Any], depth: int) -> None:
        if list.__len__(value) < LONG or not self._write_packed(out, b"[", [*list.__iter__(value)]):
            self.write_many(out, b"[", list.__iter__(value), list.__len__(value), depth)

    def _write_tuple(self, out: bytearray, value: tuple[Any, ...], depth: int) -> None:
        if tuple.__len__(value) < LONG or not self._write_packed(out, b"(", [*tuple.__iter__(value)]):
            self.write_many(out, b"(", tuple.__iter__(value), tuple.__len__(value), depth)

    def _write_packed(self, out: bytearray, tag: bytes, items: list[Any]) -> bool:
        """Write numbers of one type as one block. Return False where they are of several types, or too large."""
        kinds = set(map(type, items))
        code = {int: "q", float: "d"}.get(kinds.pop()) if len(kinds) == 1 else None
        if code is None or self._items + len(items) > MAX_ITEMS:
            return False
        try:
            write_blob(out, _PACKED[tag, code], struct.pack(f">{len(items)}{code}", *items))
        except struct.error:
            return False
        self._items += len(items)
        return True

    def _write_record(self, out: bytearray, value: Any, fields: tuple[Any, ...], depth: int) -> None:
        _write_text(out, b"R", type(value).__name__)
        self._write(out, tuple(str(field) for field in fields), depth + 1)
        self.write_many(out, b"(", tuple.__iter__(value), tuple.__len__(value), depth)

    def _write_mapping(self, out: bytearray, tag: bytes, value: dict[Any, Any], depth: int) -> None:
        flat = [part for pair in dict.items(value) for part in pair]
        self.write_many(out, tag, flat, len(flat), depth)


def _write_text(out: bytearray, tag: bytes, text: str) -> None:
    write_blob(out, tag, str.encode(text, "utf-8", "surrogatepass"))


def write_blob(out: bytearray, tag: bytes, raw: bytes | bytearray) -> None:
    """Write a tag, the number of bytes, and the bytes; raises CodecError where they are too many."""
    if len(raw) > MAX_FRAME:
        raise CodecError("too large to be an answer")
    out += tag
    out += len(raw).to_bytes(4, "big")
    out += raw


def _write_int(encoder: Encoder, out: bytearray, value: int, depth: int) -> None:
    value = int.__index__(value)
    if -(2**63) <= value < 2**63:
        out += b"i" + value.to_bytes(8, "big", signed=True)
        return
    size = value.bit_length() // 8 + 1
    if size > MAX_INT_BYTES:
        raise CodecError(f"an integer of {size} bytes")
    write_blob(out, b"I", value.to_bytes(size, "big", signed=True))


def _write_float(encoder: Encoder, out: bytearray, value: float, depth: int) -> None:
    out += b"f" + struct.pack(">d", value)


def _write_complex(encoder: Encoder, out: bytearray, value: complex, depth: int) -> None:
    out += b"c" + struct.pack(">dd", complex.__complex__(value).real, complex.__complex__(value).imag)


def _get_offset(moment: datetime | time) -> int | None:
    offset = moment.utcoffset()
    return None if offset is None else offset // timedelta(microseconds=1)


def _write_moment(encoder: Encoder, out: bytearray, value: Any, depth: int) -> None:
    time_parts = () if not isinstance(value, datetime | time) else (
        value.hour, value.minute, value.second, value.microsecond, _get_offset(value), value.fold
    )  # fmt: skip
    date_parts = () if isinstance(value, time) else (value.year, value.month, value.day)
    tag = b"D" if isinstance(value, datetime) else b"d" if date_parts else b"h"
    encoder.write_many(out, tag, (*date_parts, *time_parts), len(date_parts) + len(time_parts), depth)


PACKAGE_WRITERS: list[Callable[[Encoder, bytearray, Any, int], bool]] = []
"""Writers of values of packages (arrays.py, frames.py), tried in turn; each returns whether it wrote the value."""
_Writer = Callable[[Encoder, bytearray, Any, int], None]
# By exact type; the arguments s, o, v, d are the encoder, its output, the value and how deep it lies.
_WRITERS: dict[type, _Writer] = {
    int: _write_int,
    bool: lambda s, o, v, d: o.extend(b"T" if v else b"F"),
    float: _write_float,
    complex: _write_complex,
    str: lambda s, o, v, d: _write_text(o, b"s", v),
    bytes: lambda s, o, v, d: write_blob(o, b"b", v),
    bytearray: lambda s, o, v, d: write_blob(o, b"y", v),
    list: Encoder._write_list,
    tuple: Encoder._write_tuple,
    set: lambda s, o, v, d: s.write_many(o, b"<", set.__iter__(v), set.__len__(v), d),
    frozenset: lambda s, o, v, d: s.write_many(o, b">", frozenset.__iter__(v), frozenset.__len__(v), d),
    dict: lambda s, o, v, d: s._write_mapping(o, b"{", v, d),
    collections.Counter: lambda s, o, v, d: s._write_mapping(o, b"C", v, d),
    collections.OrderedDict: lambda s, o, v, d: s._write_mapping(o, b"O", v, d),
    collections.deque: lambda s, o, v, d: s.write_many(o, b"Q", [v.maxlen, *v], len(v) + 1, d),
    range: lambda s, o, v, d: s.write_many(o, b"r", (v.start, v.stop, v.step), 3, d),
    slice: lambda s, o, v, d: s.write_many(o, b":", (v.start, v.stop, v.step), 3, d),
    Decimal: lambda s, o, v, d: _write_text(o, b"m", Decimal.__str__(v)),
    Fraction: lambda s, o, v, d: s.write_many(o, b"/", (v._numerator, v._denominator), 2, d),
    datetime: _write_moment,
    date: _write_moment,
    time: _write_moment,
    timedelta: lambda s, o, v, d: s.write_many(o, b"l", (v.days, v.seconds, v.microseconds), 3, d),
}
