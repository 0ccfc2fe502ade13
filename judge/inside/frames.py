"""Carry pandas' values in the codec: Series, DataFrame, Index, Categorical, Timestamp, Timedelta, NaT and NA.

A value is `P`, a letter, and its plain parts. Columns and indexes cross if their dtype is a dtype of numpy that crosses
(arrays.py), `str`, a category of those, or a time with a zone. Anything else crosses as a handle. That includes masked
dtypes (Int64, boolean, string), for which `(got == want).all()` is true where all values are NA. Attributes (`attrs`)
and flags do not cross.
"""

import importlib
import re
import sys
from collections.abc import Callable
from datetime import timedelta, timezone, tzinfo
from typing import Any

from .arrays import encode_dtype
from .codec import MAX_FRAME, CodecError
from .decoder import READERS, Decoder
from .encoder import PACKAGE_WRITERS, Encoder

_FREQUENCY = re.compile(r"-?\d{0,6}[A-Za-z]{1,6}(-\w{1,5})?")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")
Parts = tuple[bytes, list[Any]]
"""Letter and parts of a value."""


def install() -> None:
    """Make this process's codec carry values of pandas, which is imported when the first of them arrives."""
    READERS[b"P"] = _read_value
    if write_value not in PACKAGE_WRITERS:
        PACKAGE_WRITERS.append(write_value)


def write_value(encoder: Encoder, out: bytearray, value: Any, depth: int) -> bool:
    """Write a value of pandas. Return False for any other, and for one that is no plain data."""
    pd = sys.modules.get("pandas")
    parts = None if pd is None or not hasattr(pd, "DataFrame") else _split(pd, value)
    if parts is None:
        return False
    encoder.write_many(out, b"P" + parts[0], parts[1], len(parts[1]), depth)
    return True


def _split(pd: Any, value: Any) -> Parts | None:
    kind = type(value)
    if value is pd.NaT or value is pd.NA:
        return b"N" if value is pd.NaT else b"A", []
    if issubclass(kind, pd.DataFrame):
        return _split_frame(pd, value)
    if issubclass(kind, pd.Series):
        plain = _is_plain(pd, value.dtype) and _is_plain_index(pd, value.index)
        return (b"s", [_get_values(value), value.index, value.name]) if plain else None
    if issubclass(kind, pd.Index):
        return _split_index(pd, value) if _is_plain_index(pd, value) else None
    if issubclass(kind, pd.Timestamp):
        zone = _encode_zone(value.tz)
        return None if zone is None and value.tz is not None else (b"t", [value.to_datetime64(), zone])
    if issubclass(kind, pd.Timedelta):
        return b"d", [value.to_timedelta64()]
    if issubclass(kind, pd.api.extensions.ExtensionArray) and _is_plain(pd, value.dtype):
        return _split_extension(pd, value)
    return None


def _is_plain(pd: Any, dtype: Any) -> bool:
    if isinstance(dtype, sys.modules["numpy"].dtype):
        return encode_dtype(dtype) is not None
    if isinstance(dtype, pd.StringDtype):
        return dtype.na_value is not pd.NA
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories is not None and _is_plain_index(pd, dtype.categories)
    return isinstance(dtype, pd.DatetimeTZDtype) and _encode_zone(dtype.tz) is not None


def _is_plain_index(pd: Any, index: Any) -> bool:
    return all(_is_plain(pd, level.dtype) for level in (index.levels if isinstance(index, pd.MultiIndex) else [index]))


def _get_values(column: Any) -> Any:
    """Return the array of a Series or Index: of numpy where it can be, or of pandas."""
    return column.to_numpy() if isinstance(column.dtype, sys.modules["numpy"].dtype) else column.array


def _split_frame(pd: Any, frame: Any) -> Parts | None:
    dtypes = set(frame.dtypes)
    if not (all(_is_plain(pd, each) for each in dtypes) and all(_is_plain_index(pd, axis) for axis in frame.axes)):
        return None
    one_block = len(dtypes) == 1 and getattr(next(iter(dtypes)), "kind", "O") in "biufc"
    columns = frame.to_numpy() if one_block else [_get_values(column) for _, column in frame.items()]
    return b"f", [*frame.axes, columns]


def _split_index(pd: Any, index: Any) -> Parts:
    if isinstance(index, pd.RangeIndex):
        return b"r", [index.start, index.stop, index.step, index.name]
    if isinstance(index, pd.MultiIndex):
        codes = [sys.modules["numpy"].asarray(code) for code in index.codes]
        return b"m", [list(index.levels), codes, list(index.names)]
    frequency = getattr(index, "freqstr", None)
    return b"i", [_get_values(index), index.name, frequency if frequency and _FREQUENCY.fullmatch(frequency) else None]


def _split_extension(pd: Any, array: Any) -> Parts:
    if isinstance(array.dtype, pd.StringDtype):
        return b"u", [array.dtype.storage, list(array)]
    if isinstance(array.dtype, pd.CategoricalDtype):
        return b"c", [array.codes, array.dtype.categories, bool(array.dtype.ordered)]
    return b"z", [pd.DatetimeIndex(array).tz_convert(None).to_numpy(), _encode_zone(array.dtype.tz)]


def _encode_zone(zone: tzinfo | None) -> int | str | None:
    """Return seconds east of Greenwich or the name of a zone; None without a zone, and for zones of other libraries."""
    if isinstance(zone, timezone):
        offset = zone.utcoffset(None)
        return None if offset.microseconds else offset // timedelta(seconds=1)
    name = getattr(zone, "key", None)
    return name if isinstance(name, str) and _ZONE.fullmatch(name) else None


def _read_value(decoder: Decoder, depth: int) -> Any:
    letter, parts = decoder.take(1), decoder.read_list(depth)
    try:
        return _MAKERS[letter](importlib.import_module("pandas"), *parts)
    except Exception as error:  # of any class, since pandas checks the parts
        raise CodecError(f"no value of pandas': {type(error).__name__}") from None


def _require_array(pd: Any, values: Any) -> Any:
    if not isinstance(values, sys.modules["numpy"].ndarray | pd.api.extensions.ExtensionArray):
        raise CodecError("a column that is no array")
    return values


def _require_axis(pd: Any, index: Any) -> Any:
    if not isinstance(index, pd.Index):
        raise CodecError("an axis that is no index")
    return index


def _make_series(pd: Any, values: Any, index: Any, name: Any = None) -> Any:
    # Without a dtype, pandas turns a column of objects that all are text into a column of text.
    dtype = _require_array(pd, values).dtype
    return pd.Series(values, index=_require_axis(pd, index), name=name, dtype=dtype, copy=True)


def _make_frame(pd: Any, index: Any, columns: Any, values: Any) -> Any:
    if type(values) is not list:
        return pd.DataFrame(
            _require_array(pd, values), index=_require_axis(pd, index), columns=_require_axis(pd, columns), copy=True
        )
    series = {number: _make_series(pd, column, index) for number, column in enumerate(values)}
    frame = pd.DataFrame(series, index=_require_axis(pd, index))
    frame.columns = _require_axis(pd, columns)
    return frame


def _make_index(pd: Any, values: Any, name: Any, frequency: Any) -> Any:
    dtype = _require_array(pd, values).dtype
    if frequency is None:
        return pd.Index(values, dtype=dtype, name=name, copy=True)
    if type(frequency) is not str or not _FREQUENCY.fullmatch(frequency):
        raise CodecError("an unknown frequency")
    kind = pd.TimedeltaIndex if dtype.kind == "m" else pd.DatetimeIndex
    return kind(values, dtype=dtype, name=name, freq=frequency)


def _make_range(pd: Any, start: Any, stop: Any, step: Any, name: Any) -> Any:
    if not type(start) is type(stop) is type(step) is int or len(range(start, stop, step)) > MAX_FRAME:
        raise CodecError("out of bounds")
    return pd.RangeIndex(start, stop, step, name=name)


def _make_zoned(pd: Any, values: Any, zone: Any) -> Any:
    return pd.DatetimeIndex(_require_array(pd, values)).tz_localize("UTC").tz_convert(_decode_zone(zone)).array


def _make_moment(pd: Any, moment: Any, zone: Any) -> Any:
    if type(moment) is not sys.modules["numpy"].datetime64:
        raise CodecError("a moment that is none")
    timestamp = pd.Timestamp(moment)
    return timestamp if zone is None else timestamp.tz_localize("UTC").tz_convert(_decode_zone(zone))


def _make_span(pd: Any, span: Any) -> Any:
    if type(span) is not sys.modules["numpy"].timedelta64:
        raise CodecError("a time that is none")
    return pd.Timedelta(span)


def _decode_zone(zone: Any) -> tzinfo | str:
    if type(zone) is int:
        return timezone(timedelta(seconds=zone)) if zone else timezone.utc  # noqa: UP017  (as in decoder.py)
    if type(zone) is not str or not _ZONE.fullmatch(zone):
        raise CodecError("an unknown zone")
    return zone


def _make_text(pd: Any, storage: Any, items: Any) -> Any:
    if storage not in ("python", "pyarrow") or type(items) is not list:
        raise CodecError("text of the wrong shape")
    return pd.array(items, dtype=pd.StringDtype(storage, na_value=float("nan")))


def _make_category(pd: Any, codes: Any, categories: Any, ordered: Any) -> Any:
    dtype = pd.CategoricalDtype(_require_axis(pd, categories), ordered is True)
    return pd.Categorical.from_codes(_require_array(pd, codes), dtype=dtype)


_MAKERS: dict[bytes, Callable[..., Any]] = {
    b"N": lambda pd: pd.NaT,
    b"A": lambda pd: pd.NA,
    b"s": _make_series,
    b"f": _make_frame,
    b"i": _make_index,
    b"r": _make_range,
    b"m": lambda pd, levels, codes, names: pd.MultiIndex(levels=levels, codes=codes, names=names),
    b"t": _make_moment,
    b"d": _make_span,
    b"u": _make_text,
    b"c": _make_category,
    b"z": _make_zoned,
}
