"""A row that is about to be published, as cleaning sees it, and a row that was left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """One row of a data set."""

    example_id: str
    problem_id: str
    source: str
    licence: str
    """SPDX expression."""
    origin: str
    prompt: str
    """The task as text."""
    codes: tuple[str, ...]
    """Every program the row holds, in the order of its columns: chosen and rejected, or wrong and repair."""
    mined: bool
    """Made from somebody's open-source code, which may hold what its author never meant to give away."""


@dataclass(frozen=True)
class Left:
    """An example that is not published."""

    row_id: str
    """Its example_id."""
    problem_id: str
    reason: str
    detail: str
