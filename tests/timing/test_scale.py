"""Larger inputs keep their shape, and depend on call, scale and seed alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.timing.calls import Call, text_of
from tasks.timing.scale import grows, scaled

SCALAR = st.integers() | st.floats(-1e6, 1e6) | st.text(max_size=5) | st.booleans() | st.none()
ALIKE = st.one_of(
    st.lists(st.integers(-50, 50), min_size=1, max_size=6),
    st.lists(st.text("abc 1", max_size=4), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(), st.text("xy", max_size=3)), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=4),
    st.lists(SCALAR, min_size=1, max_size=5),
    st.dictionaries(st.integers(), st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=4),
    st.sets(st.integers(), min_size=1, max_size=5),
    st.text(min_size=2, max_size=9),
)
CALLS = st.builds(lambda args, word: Call(tuple(args), {"k": word}), st.lists(ALIKE | SCALAR, max_size=3), SCALAR)
SCALES = st.floats(1, 40)


@given(CALLS, SCALES, st.text(max_size=4))
def test_an_input_is_a_function_of_its_seed(call: Call, scale: float, seed: str) -> None:
    once, again = scaled(call, scale, seed), scaled(call, scale, seed)
    assert text_of(once, "f") == text_of(again, "f")


def shape(value: Any) -> Any:
    """Types and lengths; of a list with rows of several lengths only its own."""
    if isinstance(value, list | tuple):
        inner = {repr(shape(part)) for part in value if isinstance(part, list | tuple)}
        return type(value), len(value), inner if len(inner) == 1 else None
    return type(value), len(value) if isinstance(value, str | bytes) else None


@given(st.lists(ALIKE, min_size=1, max_size=3), SCALES, st.text(max_size=4), st.text(max_size=4))
def test_all_repeats_have_inputs_of_one_size(args: list[Any], scale: float, one: str, other: str) -> None:
    call = Call(tuple(args))
    for was, first, second in zip(args, scaled(call, scale, one).args, scaled(call, scale, other).args, strict=True):
        assert type(first) is type(second) is type(was)
        if isinstance(was, list | str) and not (isinstance(was, list) and was and isinstance(was[0], list)):
            assert len(first) == len(second) and shape(first)[:2] == shape(second)[:2]
            if not isinstance(was, str) or len(was) > 1:
                assert len(first) == max(1, round(len(was) * scale))


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=8), SCALES, st.text(max_size=4))
def test_integers_keep_order_sign_and_distinctness(values: list[int], scale: float, seed: str) -> None:
    (grown,) = scaled(Call((values,)), scale, seed).args
    if values == sorted(values):
        assert grown == sorted(grown)
    elif values == sorted(values, reverse=True):
        assert grown == sorted(grown, reverse=True)
    if min(values) >= 0:
        assert min(grown) >= 0
    if len(set(values)) == len(values):
        assert len(set(grown)) == len(grown)
    if set(values) <= {0, 1} and len(values) > 2:
        assert set(grown) <= {0, 1}


@given(SCALES, st.text(max_size=4))
def test_what_fits_together_still_does(scale: float, seed: str) -> None:
    one, other, length, k = scaled(Call(([5, 3, 9, 9], ["a", "b", "c", "d"], 4, 2)), scale, seed).args
    assert len(one) == len(other) == length == max(1, round(4 * scale)) and k == 2
    (square,) = scaled(Call(([[1, 2, 3], [4, 5, 6], [7, 8, 9]],)), scale, seed).args
    assert {len(row) for row in square} == {len(square)}
    (records,) = scaled(Call(([("ann", 3), ("bob", 5), ("eve", 4)],)), scale, seed).args
    assert all(type(row) is tuple and type(row[0]) is str and type(row[1]) is int for row in records)
    (spans,) = scaled(Call(([[1, 3], [2, 6], [8, 10]],)), scale, seed).args
    assert all(len(span) == 2 and span[0] <= span[1] for span in spans)


@given(st.lists(st.integers(), min_size=1, max_size=3), SCALES, st.text(max_size=4))
def test_numbers_that_stand_alone_grow(values: list[int], scale: float, seed: str) -> None:
    for was, now in zip(values, scaled(Call(tuple(values)), scale, seed).args, strict=True):
        assert abs(now) >= abs(was) * scale * 0.98 - 2 and abs(now) <= abs(was) * scale * 1.01 + 1
        assert (now > 0) == (was > 0) or now == 0


def test_values_are_fresh_and_their_range_grows() -> None:
    call = Call(([3, 1, 4, 1, 5],))
    (one,), (other,) = scaled(call, 1000, "1").args, scaled(call, 1000, "2").args
    assert one != other and len(one) == 5000
    assert len(set(one)) == len(set(other)) == 4000  # four different of five
    assert max(one) > 4000


@pytest.mark.parametrize("args", [(), (0,), (1, -1), ([],), ("a", ""), (None, True), (2.5,)])
def test_what_cannot_grow_is_told(args: tuple[Any, ...]) -> None:
    assert not grows(Call(args))
    assert grows(Call((*args, [1])))
