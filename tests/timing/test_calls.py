"""Calls are read from asserts, and written so that the sandbox reads the same values."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.pending import TrustedTest
from tasks.timing.calls import LiteralCall, collect_calls, parse_call, render_call


@pytest.mark.parametrize(
    ("test", "call"),
    [
        pytest.param("assert f([3, 1], 2) == [1]", LiteralCall(([3, 1], 2)), id="two arguments"),
        pytest.param("assert f(-1, k='a') is None", LiteralCall((-1,), {"k": "a"}), id="a keyword"),
        pytest.param("assert sorted(f({1: (2, 3)})) == [1]", LiteralCall(({1: (2, 3)},), {}, "sorted"), id="sorted"),
        pytest.param("assert set(f('ab')) == {'a', 'b'}, 'why'", LiteralCall(("ab",), {}, "set"), id="as a set"),
        pytest.param("assert len(f('ab')) == 2", LiteralCall(("ab",)), id="within another call"),
        pytest.param("assert abs(f(2.5) - 1) < 1e-6", LiteralCall((2.5,)), id="within an expression"),
        pytest.param("assert not f(set())", LiteralCall((set(),)), id="an empty set"),
    ],
)
def test_the_call_of_a_test_is_parsed(test: str, call: LiteralCall) -> None:
    assert parse_call(test, "f") == call


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("assert f(f(1)) == 2", id="nested calls"),
        pytest.param("assert f(1) == f(2)", id="two calls"),
        pytest.param("assert f(x) == 1", id="a name"),
        pytest.param("assert f(*[1]) == 1", id="unpacked arguments"),
        pytest.param("assert f(**{}) == 1", id="unpacked keywords"),
        pytest.param("assert f(1e999) == 1", id="infinity"),
        pytest.param("assert f(2j) == 1", id="a complex number"),
        pytest.param("assert g(1) == 1", id="another function"),
        pytest.param("assert f(lambda: 1)", id="a function as argument"),
        pytest.param("assert f( == 1", id="no Python"),
        pytest.param("assert x.f(1) == 1", id="a method"),
    ],
)
def test_a_test_without_a_single_call_of_literals_gives_none(test: str) -> None:
    assert parse_call(test, "f") is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(st.lists(PLAIN, max_size=3), st.sampled_from(["", "sorted"]))
def test_a_rendered_call_has_the_same_values(args: list[Any], wrapper: str) -> None:
    text = render_call(LiteralCall(tuple(args), {}, wrapper), "f")
    tree = ast.parse(text, mode="eval").body
    assert isinstance(tree, ast.Call)
    call = tree.args[0] if wrapper else tree
    assert isinstance(call, ast.Call)
    values = [ast.literal_eval(arg) for arg in call.args]
    assert values == args and repr(values) == repr(args)


def test_equal_calls_count_once_and_the_longest_comes_first() -> None:
    tests: list[TrustedTest] = [
        {"test_id": "c", "test": "assert f([1]) == 1"}, {"test_id": "b", "test": "assert f([1]) == 2"},
        {"test_id": "a", "test": "assert f([1, 2, 3]) == 1"}, {"test_id": "d", "test": "assert g([1, 2, 3]) == 1"},
    ]  # fmt: skip
    calls = [("a", LiteralCall(([1, 2, 3],))), ("b", LiteralCall(([1],)))]
    assert collect_calls(tests, "f") == collect_calls(tests[::-1], "f") == calls
