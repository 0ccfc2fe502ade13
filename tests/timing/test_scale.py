"""Larger inputs keep their shape, and depend on call, scale and seed alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.timing.calls import LiteralCall, render_call
from tasks.timing.scale import can_grow, scale_call

SCALAR = st.integers() | st.floats(-1e6, 1e6) | st.text(max_size=5) | st.booleans() | st.none()
CONTAINER = st.one_of(
    st.lists(st.integers(-50, 50), min_size=1, max_size=6),
    st.lists(st.text("abc 1", max_size=4), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(), st.text("xy", max_size=3)), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=4),
    st.lists(SCALAR, min_size=1, max_size=5),
    st.dictionaries(st.integers(), st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=4),
    st.sets(st.integers(), min_size=1, max_size=5),
    st.text(min_size=2, max_size=9),
)
CALLS = st.builds(
    lambda args, word: LiteralCall(tuple(args), {"k": word}), st.lists(CONTAINER | SCALAR, max_size=3), SCALAR
)
SCALES = st.floats(1, 40)


@given(CALLS, SCALES, st.text(max_size=4))
def test_an_input_is_a_function_of_its_seed(call: LiteralCall, scale: float, seed: str) -> None:
    first, second = scale_call(call, scale, seed), scale_call(call, scale, seed)
    assert render_call(first, "f") == render_call(second, "f")


def shape(value: Any) -> Any:
    """Return types and lengths; of a list with rows of several lengths only its own."""
    if isinstance(value, list | tuple):
        inner = {repr(shape(part)) for part in value if isinstance(part, list | tuple)}
        return type(value), len(value), inner if len(inner) == 1 else None
    return type(value), len(value) if isinstance(value, str | bytes) else None


@given(st.lists(CONTAINER, min_size=1, max_size=3), SCALES, st.text(max_size=4), st.text(max_size=4))
def test_inputs_of_all_seeds_have_one_size(args: list[Any], scale: float, seed: str, other_seed: str) -> None:
    call = LiteralCall(tuple(args))
    first_args, second_args = (scale_call(call, scale, each).args for each in (seed, other_seed))
    for original, first, second in zip(args, first_args, second_args, strict=True):
        assert type(first) is type(second) is type(original)
        has_rows = isinstance(original, list) and original and isinstance(original[0], list)
        if isinstance(original, list | str) and not has_rows:
            assert len(first) == len(second) and shape(first)[:2] == shape(second)[:2]
            if not isinstance(original, str) or len(original) > 1:
                assert len(first) == max(1, round(len(original) * scale))


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=8), SCALES, st.text(max_size=4))
def test_integers_keep_order_sign_and_distinctness(values: list[int], scale: float, seed: str) -> None:
    (grown,) = scale_call(LiteralCall((values,)), scale, seed).args
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
def test_arguments_that_fit_together_still_do(scale: float, seed: str) -> None:
    numbers, words, length, k = scale_call(LiteralCall(([5, 3, 9, 9], ["a", "b", "c", "d"], 4, 2)), scale, seed).args
    assert len(numbers) == len(words) == length == max(1, round(4 * scale)) and k == 2
    (square,) = scale_call(LiteralCall(([[1, 2, 3], [4, 5, 6], [7, 8, 9]],)), scale, seed).args
    assert {len(row) for row in square} == {len(square)}
    (records,) = scale_call(LiteralCall(([("ann", 3), ("bob", 5), ("eve", 4)],)), scale, seed).args
    assert all(type(row) is tuple and type(row[0]) is str and type(row[1]) is int for row in records)
    (spans,) = scale_call(LiteralCall(([[1, 3], [2, 6], [8, 10]],)), scale, seed).args
    assert all(len(span) == 2 and span[0] <= span[1] for span in spans)


@given(st.lists(st.integers(), min_size=1, max_size=3), SCALES, st.text(max_size=4))
def test_integers_grow_where_no_argument_is_a_container(values: list[int], scale: float, seed: str) -> None:
    for original, grown in zip(values, scale_call(LiteralCall(tuple(values)), scale, seed).args, strict=True):
        assert abs(grown) >= abs(original) * scale * 0.98 - 2 and abs(grown) <= abs(original) * scale * 1.01 + 1
        assert (grown > 0) == (original > 0) or grown == 0


def test_each_seed_draws_other_values_from_a_larger_range() -> None:
    call = LiteralCall(([3, 1, 4, 1, 5],))
    (first,), (second,) = scale_call(call, 1000, "1").args, scale_call(call, 1000, "2").args
    assert first != second and len(first) == 5000
    assert len(set(first)) == len(set(second)) == 4000  # four different of five
    assert max(first) > 4000


@pytest.mark.parametrize("args", [(), (0,), (1, -1), ([],), ("a", ""), (None, True), (2.5,)])
def test_calls_without_growing_arguments_are_recognised(args: tuple[Any, ...]) -> None:
    assert not can_grow(LiteralCall(args))
    assert can_grow(LiteralCall((*args, [1])))
