"""Inject bugs into a program: wrong versions that differ from it in one or two places of its own text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tasks.mutating.mutate import MUTATOR_VERSION, mutate_program

BUGS_VERSION = f"{MUTATOR_VERSION}.1"
"""Raise its last part when the code changes which bugs any program gets, or their order."""
TWO_CHANGES_EVERY = 3
"""Every third bug is made of two changes: a single one is often found by looking at one line."""
SECOND_CHANGES = 20
"""Changes tried as the second one."""


@dataclass(frozen=True)
class Bug:
    """A program with a bug. Comments and layout are the original's."""

    operators: tuple[str, ...]
    """Kinds of change, one per place."""
    line: int
    """Of the first change, in the original program, from 1."""
    code: str


def inject_bugs(source: str) -> Iterator[Bug]:
    """Yield wrong versions of a program; the order depends on its text alone.

    Whether a version really is wrong, only tests can tell. A program that Python cannot parse has none.
    """
    mutants = mutate_program(source)
    number = 0
    for mutant in mutants:
        if mutant.spliced is None:
            continue
        number += 1
        bug = Bug((mutant.operator,), mutant.line, mutant.spliced)
        yield (_change_again(bug) or bug) if number % TWO_CHANGES_EVERY == 0 else bug


def _change_again(bug: Bug) -> Bug | None:
    """Return the bug with a second change on another line; None where there is none."""
    for mutant in islice(mutate_program(bug.code), SECOND_CHANGES):
        if mutant.spliced is not None and mutant.line != bug.line:
            return Bug((*bug.operators, mutant.operator), bug.line, mutant.spliced)
    return None
