"""A problem as people exchange it: one JSON object a line, with one of five kinds of tests, or none."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator

from storage.ids import content_id
from storage.settings import Settings


class Asserts(Settings):
    """Assert statements that name what the solution defines (MBPP)."""

    kind: Literal["asserts"]
    setup: str = ""
    """Code run before the asserts, in the driver: imports and constants of the test."""
    asserts: tuple[str, ...] = Field(min_length=1)


class Check(Settings):
    """A function `check(candidate)` that asserts (HumanEval)."""

    kind: Literal["check"]
    code: str


class StdioCase(Settings):
    """One run of the program: `input` on stdin, `output` compared token by token."""

    input: str
    output: str


class Stdio(Settings):
    """A whole program that reads stdin and writes stdout (APPS, contests)."""

    kind: Literal["stdio"]
    cases: tuple[StdioCase, ...] = Field(min_length=1)


class Call(Settings):
    """One call of the entry point with plain JSON values."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    expected: Any


class Calls(Settings):
    """Calls of the entry point and what they return."""

    kind: Literal["calls"]
    cases: tuple[Call, ...] = Field(min_length=1)


class UnitTest(Settings):
    """A module of unittest.TestCase classes."""

    kind: Literal["unittest"]
    code: str


class Untested(Settings):
    """No tests came with the problem: whatever is known of its programs, tests that a model wrote say."""

    kind: Literal["none"]


Judged = Asserts | Check | Stdio | Calls | UnitTest
"""Tests that a program can be judged by."""
Tests = Annotated[Asserts | Check | Stdio | Calls | UnitTest | Untested, Field(discriminator="kind")]
JUDGED: TypeAdapter[Judged] = TypeAdapter(Annotated[Judged, Field(discriminator="kind")])
TESTS: TypeAdapter[Asserts | Check | Stdio | Calls | UnitTest | Untested] = TypeAdapter(Tests)


class Problem(Settings):
    """One programming task with the tests it came with."""

    source: str = Field(min_length=1)
    source_id: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    entry_point: str | None
    """Name that the tests call; null for stdio, and where the tests name everything themselves."""
    tests: Tests
    context: str = ""
    """Code that stands before every solution (imports, helpers the prompt promises)."""
    reference: str | None = None
    licence: str = Field(min_length=1)
    origin: str | None = None
    """Where it was taken from: a URL, a file of a data set, a commit."""

    @field_validator("entry_point")
    @classmethod
    def _identifier(cls, name: str | None) -> str | None:
        if name is not None and not all(part.isidentifier() for part in name.split(".")):
            raise ValueError("expected the name of a function or class")
        return name

    @property
    def problem_id(self) -> str:
        """Address of what a program is written for and judged by; reference, licence and origin may be mended later."""
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
        """The tests as one JSON text, as the table keeps them."""
        return json.dumps(self.tests.model_dump(mode="json"), ensure_ascii=False)
