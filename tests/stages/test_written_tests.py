"""What becomes a test of what a model wrote, and why the rest does not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.write_tests.extract import MAX_TESTS, extract_tests, given_calls

PAIR = "```python\nassert add(1, 2) == 3\nassert add(0, 0) == 0\n```"


def found(text, entry="add", finish="stop", known=()):
    return [one.test or one.reason for one in extract_tests(text, finish, entry, frozenset(known))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PAIR, id="a block"),
        pytest.param("assert add(1, 2) == 3\nassert add(0, 0) == 0", id="no block"),
        pytest.param("1. assert add(1, 2) == 3\n2. assert add(0, 0) == 0", id="a numbered list"),
        pytest.param("- `assert add(1, 2) == 3`\n- `assert add(0, 0) == 0`", id="bullets"),
        pytest.param("def test():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n", id="within a function"),
        pytest.param("assert add(1, 2) == 3, 'small'\nassert add(0, 0) == 0  # none", id="messages and comments"),
        pytest.param("assert add(1,2)==3\nassert (add(0,\n            0) == 0)", id="spelled otherwise"),
        pytest.param("assert add(1, 2) == 3\nHere the sum is three.\nassert add(0, 0) == 0\nDone.", id="words between"),
        pytest.param("def add(a, b):\n    return a + b\nassert add(1, 2) == 3\nassert add(0, 0) == 0", id="a program"),
    ],
)
def test_asserts_are_found_however_they_are_written(text):
    assert found(text) == ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  \n", "empty"),
        ("def add(a, b): return a + b", "no_assert"),
        ("assert add(1, == 3", "syntax"),
        ("assert other(1) == 3", "no_call"),
        ("assert add", "no_call"),
        ("assert add(1, 2) == add(1, 2)", "no_expectation"),
        ("assert add(1, 2) == helper(3)", "not_plain"),
        ("assert add(1, x) == 3", "not_plain"),
        ("assert add(1, 2) == open('/etc/passwd')", "not_plain"),
        ("assert add.__globals__ == add(1, 2)", "not_plain"),
        ("assert add(1, 2) == eval('3')", "not_plain"),
        ("assert [add for add in [3]] == [add(1, 2)]", "not_plain"),
        ("assert (y := add(1, 2)) == 3", "not_plain"),
        (f"assert add({'1' * 3000}, 2) == 3", "too_long"),
    ],
)
def test_what_is_no_test_has_its_reason(text, reason):
    assert found(text) == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "assert add(1, 2) == 3",
        "assert add([1], [2]) == [1, 2]",
        "assert sorted([add(a, b) for a, b in zip([1], [2])]) == [3]",
        "assert add(1, 2) in (3, 4)",
        "assert isinstance(add(1, 2), int)",
        "assert add(lambda x: x, 2) is None",
        "assert abs(add(0.1, 0.2) - 0.3) < 1e-09",
        "assert add(1, 2)[0].strip() == 'x'",
    ],
)
def test_plain_expressions_are_tests(text):
    assert found(text) == [text]


def test_the_problems_own_inputs_are_left_out():
    tests = json.dumps({"kind": "asserts", "setup": "", "asserts": ["assert add(1,2)==3"]})
    known = given_calls(tests, "add")
    assert known == {"add(1, 2)"}
    assert found("assert add(1, 2) == 4\nassert add(2, 1) == 3", known=known) == ["given", "assert add(2, 1) == 3"]
    calls = json.dumps({"kind": "calls", "cases": [{"args": [[1], "x"], "kwargs": {"k": 2}, "expected": 1}]})
    assert given_calls(calls, "add") == {"add([1], 'x', k=2)"}


def test_equal_tests_count_once_and_an_endless_answer_is_cut():
    assert found("assert add(1,2)==3\nassert add(1, 2) == 3") == ["assert add(1, 2) == 3", "duplicate"]
    many = "\n".join(f"assert add({n}, 0) == {n}" for n in range(MAX_TESTS + 20))
    assert len(found(many)) == MAX_TESTS + 1 and found(many)[-1] == "too_many"


def test_an_answer_cut_in_an_assert_says_so():
    assert found("assert add(1, 2) == 3\nassert add(4, [5", finish="length") == ["assert add(1, 2) == 3", "truncated"]
    assert found("assert add(1, 2) == 3\nassert add(4, [5", finish="stop") == ["assert add(1, 2) == 3", "syntax"]


def test_methods_are_called_by_their_whole_name():
    assert found("assert Box(2).size() == 2", entry="Box") == ["assert Box(2).size() == 2"]
    assert found("assert Tool.run(2) == 2\nassert Tool(2) == 2", entry="Tool.run") == [
        "assert Tool.run(2) == 2",
        "no_call",
    ]


@given(st.text(alphabet="assert add(1,2)=3[]'\"\n`#:\\ xλ", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_answer_and_every_test_parses_to_one_assert(text):
    import ast

    for one in extract_tests(text, "stop", "add", frozenset()):
        assert (one.test is None) != (one.reason is None)
        if one.test is not None:
            (node,) = ast.parse(one.test).body
            assert isinstance(node, ast.Assert) and "add" in one.test
