"""The codec carries every plain value unchanged, and hostile bytes do nothing but fail."""

import collections
import contextlib
import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.inside.codec import MAX_INT_BYTES, CodecError
from judge.inside.decoder import Decoder
from judge.inside.encoder import Encoder


def _no(*_):
    raise CodecError("a handle")


encode, decode = Encoder(_no).encode, Decoder(_no).decode
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


def _same(a, b):
    return type(a) is type(b) and a == b


@given(PLAIN)
@settings(max_examples=300, deadline=None)
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    assert _same(decode(encode(value)), value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 2**64, -(2**63), -(2**63) - 1, Decimal("NaN")])
def test_awkward_numbers_come_back(value):
    back = decode(encode(value))
    assert type(back) is type(value) and repr(back) == repr(value)


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("items", [range(500), [0.5] * 40, [1, 2.0] * 40, [2**70] * 40, [True] * 40, [-(2**63)] * 40])
def test_long_runs_of_numbers_come_back(kind, items):
    value = kind(items)
    back = decode(encode([value, 1]))
    assert _same(back, [value, 1]) and list(map(type, back[0])) == list(map(type, value))


def test_subclasses_become_plain():
    class Int(int):
        def __index__(self):
            return 99

        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    class List(list):
        def __iter__(self):
            return iter([99])

    assert decode(encode(Int(5))) == 5 and type(decode(encode(Int(5)))) is int
    assert decode(encode(List([1]))) == [1] and type(decode(encode(List([1])))) is list
    assert type(decode(encode(collections.defaultdict(int, a=1)))) is dict
    assert decode(encode(collections.Counter("aa")))["b"] == 0
    assert math.isnan(decode(encode((float("nan"),)))[0])


@pytest.mark.parametrize("moment", [date.max, time.max, datetime(2024, 1, 1, fold=1), timedelta.min])
def test_moments_come_back(moment):
    assert _same(decode(encode(moment)), moment)


def test_named_tuples_keep_their_names():
    point = collections.namedtuple("Point", "x y")(1, [2])
    back = decode(encode(point))
    assert back == (1, [2]) and back.y == [2] and isinstance(back, tuple)
    with pytest.raises(AttributeError):
        assert back.z


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_hostile_bytes_only_fail(data):
    with contextlib.suppress(CodecError):
        decode(data)


@given(PLAIN, st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_values_only_fail(value, data):
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
def test_malformed_values_are_refused(raw):
    with pytest.raises(CodecError):
        decode(raw)


def test_what_has_no_end_is_refused():
    cycle: list[object] = []
    cycle.append(cycle)
    deep: list[object] = []
    for _ in range(1000):
        deep = [deep]
    for value in (cycle, deep, 1 << 9_000_000, [None] * 5_000_000):
        with pytest.raises(CodecError):
            encode(value)
