"""The codec carries every plain value unchanged, and hostile bytes do nothing but fail."""

import collections
import contextlib
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.inside.codec import MAX_INT_BYTES, CodecError
from judge.inside.decoder import Decoder
from judge.inside.encoder import Encoder


def refuse_handle(*_: object) -> NoReturn:
    raise CodecError("a handle")


encode, decode = Encoder(refuse_handle).encode, Decoder(refuse_handle).decode
TEXT = st.text(st.characters(codec=None, categories=None, exclude_categories=()))
ZONES = st.none() | st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
HASHABLE = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary() | st.dates()
    | st.decimals(allow_nan=False) | st.fractions() | st.complex_numbers(allow_nan=False) | st.timedeltas()
    | st.datetimes(timezones=ZONES) | st.times() | st.just(...) | st.sampled_from([int, dict, ValueError, Fraction])
)  # fmt: skip
PLAIN = st.recursive(
    HASHABLE | st.binary().map(bytearray) | st.builds(range, st.integers(-9, 9), st.integers(), st.integers(1, 9)),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.sets(HASHABLE) | st.frozensets(HASHABLE)
        | st.dictionaries(HASHABLE, inner) | st.lists(inner).map(collections.deque)
        | st.dictionaries(HASHABLE, inner).map(collections.OrderedDict)
        | st.builds(slice, st.none() | st.integers(), st.integers(), st.none())
    ),
    max_leaves=20,
)  # fmt: skip


def equal_with_type(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


@given(PLAIN)
@settings(max_examples=300, deadline=None)
def test_plain_values_come_back_equal_and_of_the_same_type(value: object) -> None:
    assert equal_with_type(decode(encode(value)), value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 2**64, -(2**63), -(2**63) - 1, Decimal("NaN")])
def test_awkward_numbers_come_back(value: object) -> None:
    decoded = decode(encode(value))
    assert type(decoded) is type(value) and repr(decoded) == repr(value)


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("items", [range(500), [0.5] * 40, [1, 2.0] * 40, [2**70] * 40, [True] * 40, [-(2**63)] * 40])
def test_long_lists_of_numbers_come_back(kind: type[list[Any] | tuple[Any, ...]], items: list[Any]) -> None:
    value = kind(items)
    decoded = decode(encode([value, 1]))
    assert equal_with_type(decoded, [value, 1]) and list(map(type, decoded[0])) == list(map(type, value))


class LyingInt(int):
    def __index__(self) -> int:
        return 99

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class LyingList(list[int]):
    def __iter__(self) -> Iterator[int]:
        return iter([99])


def test_subclasses_become_plain() -> None:

    assert equal_with_type(decode(encode(LyingInt(5))), 5)
    assert equal_with_type(decode(encode(LyingList([1]))), [1])
    assert type(decode(encode(collections.defaultdict(int, a=1)))) is dict
    assert decode(encode(collections.Counter("aa")))["b"] == 0
    assert math.isnan(decode(encode((float("nan"),)))[0])


@pytest.mark.parametrize("moment", [date.max, time.max, datetime(2024, 1, 1, fold=1), timedelta.min])
def test_moments_come_back(moment: object) -> None:
    assert equal_with_type(decode(encode(moment)), moment)


class Point(NamedTuple):
    x: int
    y: list[int]


def test_named_tuples_keep_their_names() -> None:
    decoded: Any = decode(encode(Point(1, [2])))
    assert decoded == (1, [2]) and decoded.y == [2] and issubclass(type(decoded), tuple)
    with pytest.raises(AttributeError):
        assert decoded.z


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_hostile_bytes_raise_nothing_but_codec_errors(data: bytes) -> None:
    with contextlib.suppress(CodecError):
        decode(data)


@given(PLAIN, st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_values_raise_nothing_but_codec_errors(value: object, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodecError):
        decode(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"z", b"[\xff\xff\xff\xff", b"[\x00\x00\x00\x01" * 400 + b"N", b"NN", b"I\x00\x00\x00\x00" * 2, b"tX",
        b"t\x00\x00\x00\x04eval", b"<\x00\x00\x00\x01[\x00\x00\x00\x00", b"{\x00\x00\x00\x01N", b"/\x00\x00\x00\x02ii",
        b"I" + (MAX_INT_BYTES + 1).to_bytes(4, "big") + b"\x01" * (MAX_INT_BYTES + 1), b"R\x00\x00\x00\x01aNN", b"HN",
        b"d\x00\x00\x00\x01N",
        b"j\x00\x00\x00\x03abc", b"u\xff\xff\xff\xff", b"Q\x00\x00\x00\x01b\x00\x00\x00\x00", b"s\x00\x00\x00\x01\xff",
    ],
)  # fmt: skip
def test_malformed_values_are_refused(raw: bytes) -> None:
    with pytest.raises(CodecError):
        decode(raw)


def nest(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


def make_cycle() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(make_cycle(), id="cycle"),
        pytest.param(nest(1000), id="too deep"),
        pytest.param(1 << 9_000_000, id="too large a number"),
        pytest.param([None] * 5_000_000, id="too many items"),
    ],
)
def test_values_beyond_the_bounds_are_refused(value: object) -> None:
    with pytest.raises(CodecError):
        encode(value)
