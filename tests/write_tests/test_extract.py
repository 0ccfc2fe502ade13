"""Which parts of an answer become tests, and why the rest does not."""

import ast
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.models.protocol import FinishReason
from tasks.write_tests.extract import MAX_TESTS, calls_of_own_tests, extract_tests

PAIR = "```python\nassert add(1, 2) == 3\nassert add(0, 0) == 0\n```"


def extract(
    text: str, entry: str = "add", finish: FinishReason = "stop", own_calls: frozenset[str] = frozenset()
) -> list[str | None]:
    return [test.test or test.reason for test in extract_tests(text, finish, entry, own_calls)]


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
def test_asserts_are_extracted_from_any_form(text: str) -> None:
    assert extract(text) == ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]


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
def test_an_answer_without_a_test_gives_its_reason(text: str, reason: str) -> None:
    assert extract(text) == [reason]


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
def test_plain_expressions_are_tests(text: str) -> None:
    assert extract(text) == [text]


def test_the_problems_own_inputs_are_left_out() -> None:
    tests = json.dumps({"kind": "asserts", "setup": "", "asserts": ["assert add(1,2)==3"]})
    own_calls = calls_of_own_tests(tests, "add")
    assert own_calls == {"add(1, 2)"}
    assert extract("assert add(1, 2) == 4\nassert add(2, 1) == 3", own_calls=own_calls) == [
        "given",
        "assert add(2, 1) == 3",
    ]
    calls = json.dumps({"kind": "calls", "cases": [{"args": [[1], "x"], "kwargs": {"k": 2}, "expected": 1}]})
    assert calls_of_own_tests(calls, "add") == {"add([1], 'x', k=2)"}


def test_equal_tests_count_once_and_an_endless_answer_is_cut() -> None:
    assert extract("assert add(1,2)==3\nassert add(1, 2) == 3") == ["assert add(1, 2) == 3", "duplicate"]
    many = "\n".join(f"assert add({n}, 0) == {n}" for n in range(MAX_TESTS + 20))
    assert len(extract(many)) == MAX_TESTS + 1 and extract(many)[-1] == "too_many"


def test_an_answer_cut_in_an_assert_says_so() -> None:
    assert extract("assert add(1, 2) == 3\nassert add(4, [5", finish="length") == [
        "assert add(1, 2) == 3",
        "truncated",
    ]
    assert extract("assert add(1, 2) == 3\nassert add(4, [5", finish="stop") == ["assert add(1, 2) == 3", "syntax"]


def test_methods_are_called_by_their_whole_name() -> None:
    assert extract("assert Box(2).size() == 2", entry="Box") == ["assert Box(2).size() == 2"]
    assert extract("assert Tool.run(2) == 2\nassert Tool(2) == 2", entry="Tool.run") == [
        "assert Tool.run(2) == 2",
        "no_call",
    ]


@given(st.text(alphabet="assert add(1,2)=3[]'\"\n`#:\\ xλ", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_answer_and_every_test_parses_to_one_assert(text: str) -> None:
    for test in extract_tests(text, "stop", "add", frozenset()):
        assert (test.test is None) != (test.reason is None)
        if test.test is not None:
            (node,) = ast.parse(test.test).body
            assert isinstance(node, ast.Assert) and "add" in test.test
