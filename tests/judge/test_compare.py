"""Outputs are compared line by line and token by token, whatever the parts in which they arrive."""

# ruff: noqa: RUF001 (the odd digits are the point)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge import compare
from judge.compare import OutputComparison, compare_output

OUTPUTS = st.text(alphabet="ab \n\r\t", max_size=12)


@pytest.mark.parametrize(
    ("actual", "expected", "equal"),
    [
        ("1 2\n", "1 2", True), ("\n1 2  \n\n", "1 2", True), ("1", "1 2", False), ("1 2 3", "1 2", False),
        ("", "", True), ("", " \n", True), (" \n", "", True), ("", "1", False), ("1", "", False), ("2", "3", False),
        ("02", "2", False), ("YES", "yes", False), ("nan", "nan", True), ("nan", "1.0", False), ("inf", "1.0", False),
        ("3.1", "3.10", False), ("1e-3", "0.001", False), ("0.3333333", "0.33333333", False), ("1.0", "1", False),
        ("12345679", "12345678.0", False), ("1_0.0", "10.0", False), ("１.0", "1.0", False), ("1\u20092", "12", False),
        ("1\u20092", "1 2", False), ("3\0", "3", False), ("a\rb", "a b", False), ("a\rb", "a\nb", True),
        ("1\n2", "1 2", False), ("2 1\n2 3 4", "2\n1 2\n3 4", False), ("2\r\n1 2 \r\n", "2\n1  2", True),
        ("1\n\n2\n", "1\n2", True), ("a\x0bb", "a b", True), ("ab\u3000", "ab", False),
    ],
)  # fmt: skip
def test_outputs_are_compared_line_by_line_and_token_by_token(actual: str, expected: str, equal: bool) -> None:
    assert (compare_output(actual.encode(), expected) == "") is equal


@pytest.mark.parametrize(
    ("actual", "expected", "equal"),
    [
        ("0.3333333", "0.33333333", True), ("3.1", "3.10", True), ("1e-3", "0.001", True), ("1.0", "1", True),
        ("3.0000000001", "3", True), ("3", "3.0", True), ("0.1", "0.2", False), ("1000000", "1000001", False),
        ("1000000.0", "1000000.5", True), ("1e-7", "0.0", True), ("1e-5", "0.0", False), ("2", "3", False),
        ("1_0.0", "10.0", False), ("inf", "1e9", False), ("nan", "0.0", False), ("１.0", "1.0", False),
        ("1.0 2.0\n3.0", "1.0000001\n2.0 3.0", False), ("1" * 500 + ".0", "1" * 500 + ".00", False),
    ],
)  # fmt: skip
def test_a_tolerance_lets_decimal_numbers_differ(actual: str, expected: str, equal: bool) -> None:
    assert (compare_output(actual.encode(), expected, 1e-6) == "") is equal


def test_no_tolerance_for_values_compares_their_notation_away() -> None:
    assert compare_output(b"3.10", "3.1", 0.0) == "" != compare_output(b"3.1000001", "3.1", 0.0)


@given(st.text())
def test_an_output_equals_itself_with_any_blanks_around_it(text: str) -> None:
    raw = text.encode("utf-8", "replace")
    assert compare_output(b" " + raw + b" \n", raw.decode()) == ""


@given(OUTPUTS, OUTPUTS, st.lists(st.integers(1, 4)), st.integers(1, 5))
def test_parts_of_any_size_give_the_verdict_of_the_whole(
    output: str, expected: str, sizes: list[int], chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "CHUNK", chunk)
        comparison, rest = OutputComparison(expected), output.encode()
        for size in sizes:
            comparison.feed(rest[:size])
            rest = rest[size:]
        comparison.feed(rest)
        difference = comparison.finish()
    lines, wanted = ([line.split() for line in text.splitlines() if line.split()] for text in (output, expected))
    assert (difference == "") is (lines == wanted)
    assert difference == compare_output(output.encode(), expected)


def test_a_message_names_the_first_token_that_differs() -> None:
    assert compare_output(b"1 2\n3", "1 2 4") == "token 3 is '3', expected '4'"
    assert compare_output(b"1\n2", "1 2 4") == "2 tokens of output, expected 3; the first missing is '4'"
    assert compare_output(b"1 2 4 " * 9, "1 2 4") == "27 tokens of output, expected 3; the first extra is '1'"
    assert compare_output(b"1\n2", "1 2") == "token 2 begins a new line, expected on the same line as token 1"
    assert compare_output(b"1 2", "1\n2") == "token 2 is on the same line, expected on a new one as token 1"


def test_a_token_of_many_parts_is_read_once() -> None:
    comparison = OutputComparison("7" * 3_000_000)
    comparison.feed(b" ")
    for _ in range(300):
        comparison.feed(b"7" * 10_000)
    assert comparison.finish() == ""
