"""Injected bugs change one or two places of a program's own text, in an order that its text alone decides."""

import ast
import difflib
from itertools import islice

from tasks.mutating.bugs import TWO_CHANGES_EVERY, inject_bugs
from tasks.mutating.mutate import mutate_program

SOURCE = '''# Ünïcode before the code: column offsets count bytes.
def clamp(value, low, high):
    """Keep a value between two bounds."""
    if value < low:   # too small
        return low
    if value > high:
        return high
    label = f"{value!r}: {low + 1}"
    return min(value,  # of the two
               high) if label and low + 1 else max(value, low)
'''


def changed_lines(before: str, after: str) -> int:
    return sum(line[0] == "-" for line in difflib.ndiff(before.splitlines(), after.splitlines()))


def test_a_spliced_mutant_is_the_mutant_with_the_comments_and_the_layout_of_the_original() -> None:
    spliced = [mutant for mutant in mutate_program(SOURCE) if mutant.spliced is not None]
    assert len(spliced) > 15
    for mutant in spliced:
        assert mutant.spliced is not None
        assert ast.dump(ast.parse(mutant.spliced)) == ast.dump(ast.parse(mutant.code))
        assert "# too small" in mutant.spliced and "Ünïcode" in mutant.spliced
        assert changed_lines(SOURCE, mutant.spliced) <= 2


def test_every_third_bug_changes_two_places_where_a_second_one_is_found() -> None:
    bugs = list(islice(inject_bugs(SOURCE), 9))
    numbers = [len(bug.operators) for bug in bugs]
    assert {numbers[index] for index in (0, 1, 3, 4, 6, 7)} == {1}
    assert {numbers[index] for index in (2, 8)} == {2}
    assert TWO_CHANGES_EVERY == 3
    assert len({bug.code for bug in bugs}) == 9


def test_the_order_depends_on_the_text_alone() -> None:
    assert list(inject_bugs(SOURCE)) == list(inject_bugs(SOURCE))


def test_a_program_that_python_cannot_parse_has_no_bugs() -> None:
    assert list(inject_bugs("def f(:\n    pass")) == []
