"""Carry numpy's values in the codec: arrays and scalars as bytes of a dtype from a short list, never as code.

An array is `a`, or `A` if read-only: dtype, shape, then its bytes in C order and native byte order; an array of objects
has its items instead. A scalar is `n`; a dtype or a class of scalars is `x`. Subclasses become plain arrays, a matrix
too. Arrays with fields, a mask or another dtype (longdouble, strings of variable width) cross as handles.
"""

import functools
import importlib
import math
import re
import sys
from typing import Any

from .codec import MAX_FRAME, MAX_ITEMS, CodecError
from .decoder import READERS, Decoder
from .encoder import PACKAGE_WRITERS, Encoder, write_blob
from .proxy import Proxy

_FIXED = frozenset(("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"))
_CODE = re.compile(rf"{'|'.join(_FIXED)}|[SU]\d{{1,8}}|[Mm]8(\[[1-9]\d{{0,8}}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")
_CLASSES = frozenset((
    "bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "complex64", "complex128", "str_", "bytes_", "object_", "datetime64", "timedelta64", "generic", "number",
    "integer", "signedinteger", "unsignedinteger", "inexact", "floating", "complexfloating", "ndarray",
))  # fmt: skip
_DTYPE = "dtype "
LARGEST_CHARACTER = 0x10FFFF


def install() -> None:
    """Make this process's codec carry values of numpy, which is imported when the first of them arrives."""
    READERS.update({b"a": _read_array, b"A": _read_readonly_array, b"n": _read_scalar, b"x": _read_class})
    if write_value not in PACKAGE_WRITERS:
        PACKAGE_WRITERS.append(write_value)


def encode_dtype(dtype: Any) -> str | None:
    """Return the dtype's name on the wire, without byte order; None where arrays of it do not cross."""
    np: Any = sys.modules["numpy"]
    kind = dtype.kind
    if kind == "O":
        return "O"
    if kind in "Mm":
        unit, count = np.datetime_data(dtype)
        code = f"{kind}8" if unit == "generic" else f"{kind}8[{count}{unit}]"
    else:
        code = f"{kind}{dtype.itemsize // 4 if kind == 'U' else dtype.itemsize}"
    # A dtype of another library may use the letter of one of numpy's.
    return code if _CODE.fullmatch(code) and np.dtype(code) == dtype.newbyteorder("=") else None


def write_value(encoder: Encoder, out: bytearray, value: Any, depth: int) -> bool:
    """Write a value of numpy. Return False for any other."""
    np: Any = sys.modules.get("numpy")
    if np is None or not hasattr(np, "ndarray"):
        return False
    kind = type(value)
    if issubclass(kind, np.generic):
        _write_scalar(encoder, out, value)
    elif issubclass(kind, np.ndarray):
        _write_array(encoder, out, value, depth)
    elif issubclass(kind, np.dtype):
        _write_dtype(encoder, out, value)
    elif isinstance(value, type) and _is_known_class(np, value):
        write_blob(out, b"x", value.__name__.encode())
    else:
        return False
    return True


def _is_known_class(np: Any, value: type) -> bool:
    return value.__name__ in _CLASSES and getattr(np, value.__name__, None) is value


def _write_dtype(encoder: Encoder, out: bytearray, value: Any) -> None:
    code = encode_dtype(value)
    if code is None:
        out += encoder.export(value)
    else:
        write_blob(out, b"x", f"{_DTYPE}{code}".encode())


def _write_scalar(encoder: Encoder, out: bytearray, value: Any) -> None:
    if isinstance(value, str):
        write_blob(out, b"n\x01U", str.encode(value, "utf-8", "surrogatepass"))
    elif isinstance(value, bytes):
        write_blob(out, b"n\x01S", bytes(value))
    else:
        code = encode_dtype(value.dtype)
        out += encoder.export(value) if code is None else b"n" + _encode_code(code) + value.tobytes()


def _write_array(encoder: Encoder, out: bytearray, value: Any, depth: int) -> None:
    np: Any = sys.modules["numpy"]
    masked = sys.modules.get("numpy.ma")
    plain = np.asarray(value)
    code = encode_dtype(plain.dtype)
    if code is None or (masked is not None and isinstance(value, masked.MaskedArray)):
        out += encoder.export(value)
        return
    shape = plain.shape
    head = (b"a" if plain.flags.writeable else b"A") + _encode_code(code) + bytes((len(shape),))
    head += b"".join(length.to_bytes(8, "big") for length in shape)
    if code == "O":
        encoder.write_many(out, head, plain.flat, plain.size, depth)
    elif plain.nbytes > MAX_FRAME:  # checked before its bytes exist: one number can be broadcast to any size
        raise CodecError("too large to be an answer")
    else:
        native = plain if plain.dtype.isnative else plain.astype(plain.dtype.newbyteorder("="))
        write_blob(out, head, native.tobytes())


def _encode_code(code: str) -> bytes:
    return bytes((len(code),)) + code.encode()


def _import_numpy() -> Any:
    try:
        return importlib.import_module("numpy")
    except ImportError:
        raise CodecError("a value of numpy's, which is not here") from None


@functools.lru_cache(maxsize=256)
def _decode_dtype(code: bytes) -> Any:
    if not _CODE.fullmatch(code.decode("ascii")):
        raise CodecError(f"unknown dtype {code[:40]!r}")
    return _import_numpy().dtype(code.decode("ascii"))


def _read_array(decoder: Decoder, depth: int) -> Any:
    np = _import_numpy()
    code = decoder.take(decoder.take(1)[0])
    shape = tuple(int.from_bytes(decoder.take(8), "big") for _ in range(decoder.take(1)[0]))
    # Also of an empty array: as a list it could be endless rows of nothing.
    if math.prod(length or 1 for length in shape) > MAX_FRAME:
        raise CodecError("out of bounds")
    if code == b"O":
        return _make_object_array(np, decoder.read_list(depth)).reshape(shape)
    dtype, raw = _decode_dtype(code), decoder.read_blob()
    if math.prod(shape) * dtype.itemsize != len(raw) or (not dtype.itemsize and math.prod(shape) > MAX_ITEMS):
        raise CodecError("an array of the wrong size")
    _check_bits(np, dtype, raw)
    return np.ndarray(shape, dtype, raw).copy()


def _read_readonly_array(decoder: Decoder, depth: int) -> Any:
    array = _read_array(decoder, depth)
    array.flags.writeable = False
    return array


def _make_object_array(np: Any, items: list[Any]) -> Any:
    array = np.empty(len(items), object)
    for at, item in enumerate(items):  # one by one: all at once, lists in it would become dimensions
        array[at] = item
        if isinstance(item, Proxy):
            getattr(item, "__array_interface__", None)  # numpy asks this of objects it is given (see array_peer.py)
    return array


def _check_bits(np: Any, dtype: Any, raw: bytes) -> None:
    """Raise CodecError for bits that numpy itself never writes, and would read without a check."""
    if raw and dtype.kind == "b" and int(np.frombuffer(raw, np.uint8).max()) > 1:
        raise CodecError("a truth value that is neither")
    if raw and dtype.kind == "U" and int(np.frombuffer(raw, np.uint32).max()) > LARGEST_CHARACTER:
        raise CodecError("a character out of bounds")


def _read_scalar(decoder: Decoder, depth: int) -> Any:
    np = _import_numpy()
    code = decoder.take(decoder.take(1)[0])
    if code == b"U":
        return np.str_(decoder.read_blob().decode("utf-8", "surrogatepass"))
    if code == b"S":
        return np.bytes_(decoder.read_blob())
    dtype = _decode_dtype(code)
    if dtype.kind in "SU":
        raise CodecError("a scalar of the wrong kind")
    raw = decoder.take(dtype.itemsize)
    _check_bits(np, dtype, raw)
    return np.frombuffer(raw, dtype)[0]


def _read_class(decoder: Decoder, depth: int) -> Any:
    np, name = _import_numpy(), decoder.read_blob().decode("ascii")
    if name.startswith(_DTYPE):
        code = name.removeprefix(_DTYPE).encode()
        return np.dtype(object) if code == b"O" else _decode_dtype(code)
    if name not in _CLASSES or not hasattr(np, name):
        raise CodecError(f"unknown class {name[:40]!r}")
    return getattr(np, name)
