"""A row that is about to be published, as cleaning reads it, and a row that cleaning dropped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """One row of a dataset."""

    example_id: str
    problem_id: str
    source: str
    licence: str
    """SPDX expression."""
    origin: str
    prompt: str
    """The task as text."""
    codes: tuple[str, ...]
    """Every program of the row in the order of its columns, then the explanation of a repair, if any."""
    mined: bool
    """True for a task made from open-source code, which may hold secrets or personal data of its author."""


@dataclass(frozen=True)
class DroppedExample:
    """An example that is not published; a row of `drops` without its stage."""

    row_id: str
    """Its example_id."""
    problem_id: str
    reason: str
    detail: str


def drop_example(example: Example, reason: str, detail: str) -> DroppedExample:
    """Return the record of an example that is dropped for a reason."""
    return DroppedExample(example.example_id, example.problem_id, reason, detail)
