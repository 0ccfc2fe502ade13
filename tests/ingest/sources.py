"""Types of the fixtures that build and read small sources, and the kind of a problem's tests."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tasks.ingest.dropped import DroppedRecord
from tasks.reading.problem import Problem

ROOT = Path(__file__).parents[2]

Records = tuple[list[Problem], list[DroppedRecord]]
Read = Callable[..., Records]
"""Settings as a person writes them -> (problems, dropped records)."""
Line = Callable[..., dict[str, object]]
"""Fields to replace, and `without` for fields to leave out -> one problem of the exchange form."""
WriteJsonl = Callable[..., Path]
"""Rows, or bytes as they are, one a line -> the file."""
T = TypeVar("T")


def narrow_tests(problem: Problem, kind: type[T]) -> T:
    """Return the problem's tests, which must be of this kind."""
    assert isinstance(problem.tests, kind)
    return problem.tests
