"""A problem in its exchange form: one JSON object a line, with one of five kinds of tests, or none."""

import json

from pydantic import Field, field_validator

from judge.problems import TESTS, Tests
from storage.ids import bucket_of, content_id
from storage.rows import ProblemRow
from storage.settings import Settings


class Problem(Settings):
    """One programming task with the tests that it came with."""

    source: str = Field(min_length=1)
    """Name of the source."""
    source_id: str = Field(min_length=1)
    """The problem's name in its source."""
    prompt: str = Field(min_length=1)
    """The task in words."""
    entry_point: str | None
    """Name that the tests call; null for stdio, and where the tests name everything themselves."""
    tests: Tests
    """The tests, or kind `none` for a problem without any."""
    context: str = ""
    """Code that stands before every solution: imports and helpers that the prompt promises."""
    reference: str | None = None
    """A solution that the source calls right."""
    alternatives: tuple[str, ...] = Field((), exclude=True)
    """Further solutions that the source calls right; the first that passes the tests becomes the reference."""
    licence: str = Field(min_length=1)
    """SPDX name of the licence."""
    origin: str | None = None
    """URL, file of a dataset, or commit that it was taken from."""

    @field_validator("entry_point")
    @classmethod
    def _check_identifier(cls, name: str | None) -> str | None:
        if name is not None and not all(part.isidentifier() for part in name.split(".")):
            raise ValueError("expected the name of a function or class")
        return name

    @property
    def problem_id(self) -> str:
        """Content address of what programs are written for and judged by.

        Reference, alternatives, licence and origin are no part of it, so a source may correct them later.
        """
        return content_id(
            "problem",
            source=self.source,
            source_id=self.source_id,
            prompt=self.prompt,
            entry_point=self.entry_point,
            context=self.context,
            tests=self.tests.model_dump(mode="json"),
        )

    @property
    def tests_json(self) -> str:
        """The tests as one JSON text, as table `problems` keeps them."""
        return json.dumps(self.tests.model_dump(mode="json"), ensure_ascii=False)


def read_tests(text: str) -> Tests:
    """Return the tests of a row of table `problems`, whose integers may have any number of digits."""
    return TESTS.validate_python(json.loads(text))  # pydantic's own reader of JSON stops at 4,300 digits


def problem_row(problem: Problem, buckets: int) -> ProblemRow:
    """Return the row of one problem in a lake of so many buckets."""
    return {
        "problem_id": problem.problem_id,
        "bucket": bucket_of(problem.problem_id, buckets),
        "source": problem.source,
        "source_id": problem.source_id,
        "prompt": problem.prompt,
        "entry_point": problem.entry_point,
        "context": problem.context,
        "tests_kind": problem.tests.kind,
        "tests": problem.tests_json,
        "reference": problem.reference,
        "licence": problem.licence,
        "origin": problem.origin,
    }
