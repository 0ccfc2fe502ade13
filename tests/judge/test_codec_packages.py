"""The codec carries values of numpy and pandas unchanged, and hostile bytes do nothing but fail."""

import contextlib
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from hypothesis.extra import pandas as hp

from judge.inside import arrays, frames
from judge.inside.array_peer import bring_arrays_home
from judge.inside.codec import CodecError
from judge.inside.decoder import Decoder
from judge.inside.encoder import Encoder


def refuse_handle(*_: object) -> NoReturn:
    raise CodecError("a handle")


def equal_with_type(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


arrays.install()
frames.install()
encode, decode = Encoder(refuse_handle).encode, Decoder(refuse_handle).decode
OBJECTS = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2) | st.dates()
DTYPES = (
    hn.boolean_dtypes() | hn.integer_dtypes() | hn.unsigned_integer_dtypes() | hn.floating_dtypes(sizes=(16, 32, 64))
    | hn.complex_number_dtypes(sizes=(64, 128)) | hn.byte_string_dtypes() | hn.unicode_string_dtypes()
    | hn.datetime64_dtypes() | hn.timedelta64_dtypes()
)  # fmt: skip
SHAPES = hn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
LAYOUTS = st.sampled_from((np.array, np.transpose, np.flip, np.asfortranarray))
ARRAYS = st.builds(
    lambda array, layout: np.asarray(layout(array)), st.tuples(DTYPES, SHAPES).flatmap(lambda x: hn.arrays(*x)), LAYOUTS
)
COLUMNS = st.lists(
    st.builds(hp.column, st.text(max_size=3), dtype=st.sampled_from((int, float, bool, "M8[ns]", "m8[s]", "u1"))),
    unique_by=lambda column: column.name, max_size=4,
)  # fmt: skip
FRAMES = COLUMNS.flatmap(lambda columns: hp.data_frames(columns, index=hp.range_indexes(max_size=5)))


@given(ARRAYS)
@settings(max_examples=400, deadline=None)
def test_arrays_come_back_with_their_dtype_shape_and_bytes(array: np.ndarray) -> None:
    decoded = decode(encode([array, 1]))[0]
    native = array.astype(array.dtype.newbyteorder("="))
    assert type(decoded) is np.ndarray and (decoded.dtype, decoded.shape) == (native.dtype, native.shape)
    assert decoded.tobytes() == native.tobytes() and decoded.flags.c_contiguous and decoded.flags.writeable


@given(ARRAYS.filter(lambda array: array.size > 0))
@settings(max_examples=200, deadline=None)
def test_scalars_of_numpy_come_back_as_scalars(array: np.ndarray) -> None:
    scalar = array.reshape(-1)[0]
    decoded = decode(encode(scalar))
    assert type(decoded) is type(scalar) and decoded.dtype == scalar.dtype and decoded.tobytes() == scalar.tobytes()


@given(hn.arrays(object, SHAPES, elements=OBJECTS))
@settings(max_examples=100, deadline=None)
def test_arrays_of_objects_come_back_item_by_item(array: np.ndarray) -> None:
    decoded = decode(encode(array))
    assert decoded.dtype == object and decoded.shape == array.shape
    assert equal_with_type([*decoded.flat], [*array.flat])


@pytest.mark.parametrize(
    "value",
    [np.int16, np.float64, np.ndarray, np.integer, np.bool_, np.dtype("f4"), np.dtype("M8[25s]"), np.dtype("O")],
)
def test_classes_and_dtypes_of_numpy_come_back(value: object) -> None:
    assert decode(encode(value)) == value and type(decode(encode(value))) is type(value)


def test_flags_scalar_types_and_nested_items_are_kept() -> None:
    fixed = np.arange(3)
    fixed.flags.writeable = False
    assert not decode(encode(fixed)).flags.writeable
    assert type(decode(encode(np.float64(1)))) is np.float64 and type(decode(encode(np.str_("a\0")))) is np.str_
    assert decode(encode(np.array([[1, 2], np.array(3)], dtype=object)))[0] == [1, 2]
    assert type(decode(encode(np.ones((1, 2)).view(np.matrix)))) is np.ndarray


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, "i4,f8"), np.longdouble(1), np.zeros(2, "longdouble"), np.ma.masked_array([1, 2], [True, False]),
        np.array(["a"], np.dtypes.StringDType()), np.void(b"a"), np.broadcast_to(0.0, (1 << 14, 1 << 14)),
        pd.Series([1, None], dtype="Int64"), pd.Series(["a"], dtype="string"), pd.interval_range(0, 3),
        pd.DataFrame({"a": pd.period_range("2024", periods=2, freq="D")}), pd.Period("2024"), np.random.default_rng(),
    ],
)  # fmt: skip
def test_values_that_are_no_plain_data_are_not_encoded(value: object) -> None:
    with pytest.raises(CodecError):
        encode(value)


@given(FRAMES)
@settings(max_examples=150, deadline=None)
def test_frames_and_their_columns_come_back(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(decode(encode(frame)), frame)
    for name in frame:
        pd.testing.assert_series_equal(decode(encode(frame[name])), frame[name])
    rows = [*frame.itertuples(index=False, name=None)]
    assert decode(encode(rows)) == rows or frame.isna().any(axis=None)


ZONED = pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/Rome")
INDEXES = [
    pd.RangeIndex(1, 9, 3, name="n"), pd.Index([1.5, 2]), pd.Index(["a", None]), pd.Index([1, "a"], name=("x", 1)),
    pd.date_range("2024", periods=3, freq="MS"), ZONED, pd.timedelta_range("1h", periods=3), ZONED[[0, 2]],
    pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None]), pd.CategoricalIndex(["b", "a"], ["b", "a"]),
    pd.DatetimeIndex(["2024-01-01T00:00+02:00"]), pd.Index([]), pd.Index([True]), pd.bdate_range("2024", periods=3),
]  # fmt: skip


@pytest.mark.parametrize("index", INDEXES)
def test_indexes_come_back(index: pd.Index) -> None:
    decoded = decode(encode(index))
    pd.testing.assert_index_equal(decoded, index, exact=True)
    assert getattr(decoded, "freq", None) == getattr(index, "freq", None)


def test_frames_with_awkward_columns_come_back() -> None:
    frame = pd.DataFrame({
        "zoned": ZONED, "text": ["x", None, "z"], "objects": pd.Series([1, "b", [2]], dtype=object),
        "category": pd.Categorical(["u", "v", "u"], ordered=True), "allText": pd.Series(["p", "q", "r"], dtype=object),
    })  # fmt: skip
    frame.columns = [*frame.columns[:4], "text"]
    for value in (frame, frame.iloc[:0], frame.iloc[:, :0], frame.T, frame.set_index(["category", "zoned"])):
        pd.testing.assert_frame_equal(decode(encode(value)), value)


MOMENTS = [pd.Timestamp(123, unit="ns", tz="Asia/Kolkata"), pd.Timestamp("2024"), pd.Timedelta(5, unit="ns")]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_moments_of_pandas_come_back_with_their_unit(moment: Any) -> None:
    assert equal_with_type(decode(encode(moment)), moment) and decode(encode(moment)).unit == moment.unit


def test_missing_values_of_pandas_come_back() -> None:
    assert decode(encode((pd.NaT, pd.NA)))[0] is pd.NaT and decode(encode((pd.NaT, pd.NA)))[1] is pd.NA


@given(st.sampled_from((b"a", b"A", b"n", b"x", b"P")), st.binary(max_size=60))
@settings(max_examples=500, deadline=2000)
def test_hostile_arrays_and_frames_raise_nothing_but_codec_errors(tag: bytes, data: bytes) -> None:
    with contextlib.suppress(CodecError):
        decode(tag + data)


@given(st.one_of(ARRAYS, FRAMES, st.sampled_from(INDEXES)), st.data())
@settings(max_examples=500, deadline=2000)
def test_damaged_arrays_and_frames_raise_nothing_but_codec_errors(value: object, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodecError):
        decode(bytes(raw))


def write_array(code: bytes, raw: bytes, *shape: int) -> bytes:
    lengths = b"".join(length.to_bytes(8, "big") for length in shape)
    return b"a" + bytes((len(code),)) + code + bytes((len(shape),)) + lengths + len(raw).to_bytes(4, "big") + raw


@pytest.mark.parametrize(
    "raw",
    [
        write_array(b"f8", bytes(16), 3), write_array(b"f8", bytes(8), 1 << 60), write_array(b"f8", b"", 0, 1 << 40),
        write_array(b"b1", b"\2", 1), write_array(b"U1", b"\xff" * 4, 1), write_array(b"U0", b"", 1 << 25),
        write_array(b"V8", bytes(8), 1), write_array(b"O", b"", 1), write_array(b"O", b"N", 2),
        write_array(b"i4,i4", bytes(8), 1), write_array(b"f8", b"", *[0] * 65), write_array(b"f16", bytes(16), 1),
        write_array(b"M8[0s]", bytes(8), 1), b"n\x02U3" + bytes(12), b"x\0\0\0\4load",
        b"x\0\0\0\7dtype V", b"Pz\0\0\0\0", b"Ps\0\0\0\2NN", encode(pd.RangeIndex(9)).replace(b"\x09", b"\xff\xff"),
        encode(ZONED).replace(b"Europe/Rome", b"../etc/rome"), encode(ZONED).replace(b"D", b"\xe2"),
    ],
)  # fmt: skip
def test_malformed_arrays_and_frames_are_refused(raw: bytes) -> None:
    with pytest.raises(CodecError):
        decode(raw)


def test_changed_arrays_come_home_into_those_of_the_tests() -> None:
    whole, base, frame = np.array([3, 1, 2], ">i8"), np.arange(6), pd.DataFrame({"a": [2, 1]})
    part = base[::2]
    old = ([whole, (part,)], {"frame": frame})
    new = decode(encode(([np.sort(whole), (part * 2,)], {"frame": frame.sort_values("a").assign(b=0)})))
    bring_arrays_home(old, new)
    assert whole.tolist() == [1, 2, 3] and base.tolist() == [0, 1, 4, 3, 8, 5] and new[0][0] is whole
    assert frame.to_dict("list") == {"a": [1, 2], "b": [0, 0]} and new[1]["frame"] is frame
