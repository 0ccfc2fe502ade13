"""Calls are found in asserts, and written so that the sandbox reads the same values."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.timing.calls import Call, call_of, distinct, text_of


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("assert f([3, 1], 2) == [1]", Call(([3, 1], 2))),
        ("assert f(-1, k='a') is None", Call((-1,), {"k": "a"})),
        ("assert sorted(f({1: (2, 3)})) == [1]", Call(({1: (2, 3)},), {}, "sorted")),
        ("assert set(f('ab')) == {'a', 'b'}, 'why'", Call(("ab",), {}, "set")),
        ("assert len(f('ab')) == 2", Call(("ab",))),
        ("assert abs(f(2.5) - 1) < 1e-6", Call((2.5,))),
        ("assert not f(set())", Call((set(),))),
    ],
)
def test_the_call_of_a_test_is_found(test: str, wanted: Call) -> None:
    assert call_of(test, "f") == wanted


@pytest.mark.parametrize(
    "test",
    [
        "assert f(f(1)) == 2", "assert f(1) == f(2)", "assert f(x) == 1", "assert f(*[1]) == 1", "assert f(**{}) == 1",
        "assert f(1e999) == 1", "assert f(2j) == 1", "assert g(1) == 1", "assert f(lambda: 1)", "assert f( == 1",
        "assert x.f(1) == 1",
    ],
)  # fmt: skip
def test_what_is_no_single_call_with_literals_is_left_alone(test: str) -> None:
    assert call_of(test, "f") is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(st.lists(PLAIN, max_size=3), st.sampled_from(["", "sorted"]))
def test_a_written_call_means_the_same_values(args: list[Any], around: str) -> None:
    text = text_of(Call(tuple(args), {}, around), "f")
    tree = ast.parse(text, mode="eval").body
    assert isinstance(tree, ast.Call)
    call = tree.args[0] if around else tree
    assert isinstance(call, ast.Call)
    read = [ast.literal_eval(arg) for arg in call.args]
    assert read == args and repr(read) == repr(args)


def test_equal_calls_count_once_and_the_largest_come_first() -> None:
    tests = [
        {"test_id": "c", "test": "assert f([1]) == 1"}, {"test_id": "b", "test": "assert f([1]) == 2"},
        {"test_id": "a", "test": "assert f([1, 2, 3]) == 1"}, {"test_id": "d", "test": "assert g([1, 2, 3]) == 1"},
    ]  # fmt: skip
    assert distinct(tests, "f") == distinct(tests[::-1], "f") == [("a", Call(([1, 2, 3],))), ("b", Call(([1],)))]
