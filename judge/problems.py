"""The kinds of tests that a program can be judged by."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from judge.records import JudgeRecord


class Asserts(JudgeRecord):
    """Assert statements that name what the solution defines (MBPP)."""

    kind: Literal["asserts"]
    setup: str = ""
    """Code run before the asserts, in the driver: imports and constants of the test."""
    asserts: tuple[str, ...] = Field(min_length=1)


class Check(JudgeRecord):
    """A function `check(candidate)` that asserts (HumanEval)."""

    kind: Literal["check"]
    code: str


class StdioCase(JudgeRecord):
    """One run of the program: `input` on stdin, `output` compared token by token."""

    input: str
    output: str


class Stdio(JudgeRecord):
    """A whole program that reads stdin and writes stdout (APPS, contests)."""

    kind: Literal["stdio"]
    cases: tuple[StdioCase, ...] = Field(min_length=1)


class Call(JudgeRecord):
    """One call of the entry point with plain JSON values."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    expected: Any


class Calls(JudgeRecord):
    """Calls of the entry point and what they return."""

    kind: Literal["calls"]
    cases: tuple[Call, ...] = Field(min_length=1)


class UnitTest(JudgeRecord):
    """A module of unittest.TestCase classes."""

    kind: Literal["unittest"]
    code: str


class Untested(JudgeRecord):
    """No tests came with the problem: whatever is known of its programs, tests that a model wrote say."""

    kind: Literal["none"]


JudgedTests = Asserts | Check | Stdio | Calls | UnitTest
"""Tests that a program can be judged by."""
Tests = Annotated[Asserts | Check | Stdio | Calls | UnitTest | Untested, Field(discriminator="kind")]
JUDGED: TypeAdapter[JudgedTests] = TypeAdapter(Annotated[JudgedTests, Field(discriminator="kind")])
TESTS: TypeAdapter[Asserts | Check | Stdio | Calls | UnitTest | Untested] = TypeAdapter(Tests)
