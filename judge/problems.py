"""The kinds of tests that a program can be judged by."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, TypeAdapter, model_serializer, model_validator

from judge.records import JudgeRecord


class Asserts(JudgeRecord):
    """Assert statements that name what the program defines (MBPP).

    >>> from judge import Asserts, judge
    >>> tests = Asserts(setup="import math", asserts=["assert area(1) == math.pi", "assert area(0) == 0"])
    >>> judge("import math\\ndef area(r): return math.pi * r * r", tests).verdict
    'passed'
    """

    kind: Literal["asserts"] = "asserts"
    setup: str = ""
    """Code run before the asserts, in the driver: imports and constants of the test."""
    asserts: tuple[str, ...] = Field(min_length=1)


class Check(JudgeRecord):
    """A function `check(candidate)` that asserts (HumanEval); `candidate` is the program's entry point.

    >>> from judge import Check, judge
    >>> tests = Check(code="def check(candidate):\\n    assert candidate(1, 2) == 3")
    >>> judge("def add(a, b): return a + b", tests, entry_point="add").verdict
    'passed'
    """

    kind: Literal["check"] = "check"
    code: str


class StdioCase(JudgeRecord):
    """One run of the program: `input` on stdin, and the output expected of it.

    >>> from judge import StdioCase
    >>> StdioCase(input="1 2", output="3").output
    '3'
    """

    input: str
    output: str


class Stdio(JudgeRecord):
    """A whole program that reads stdin and writes stdout (APPS, contests); outputs are compared line by line.

    A line is its tokens, separated by white space. Lines without a token do not count.

    >>> from judge import Stdio, StdioCase, judge
    >>> tests = Stdio(cases=[StdioCase(input="1 2", output="3"), StdioCase(input="2 2", output="4")])
    >>> judge("print(sum(map(int, input().split())))", tests).verdict
    'passed'
    """

    kind: Literal["stdio"] = "stdio"
    cases: tuple[StdioCase, ...] = Field(min_length=1)
    float_tolerance: float | None = Field(None, ge=0, lt=1)
    """None compares tokens as text. A number lets two decimal numbers, at least one of them with a point or an
    exponent, differ by that much, absolutely or relative to the expected one; 0 compares their values."""

    @model_serializer(mode="wrap")
    def _leave_out_default(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a tolerance that was not given: problems from before it was known keep their addresses."""
        fields: dict[str, Any] = write(self)
        if self.float_tolerance is None:
            del fields["float_tolerance"]
        return fields


class Call(JudgeRecord):
    """One call of the entry point with plain JSON values, and what it returns.

    >>> from judge import Call
    >>> Call(args=[1, 2], expected=3).expected
    3
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    expected: Any


class Calls(JudgeRecord):
    """Calls of the entry point and what they return.

    >>> from judge import Call, Calls, judge
    >>> tests = Calls(cases=[Call(args=[1, 2], expected=3), Call(kwargs={"a": 2, "b": 2}, expected=4)])
    >>> judge("def add(a, b): return a + b", tests, entry_point="add").verdict
    'passed'
    """

    kind: Literal["calls"] = "calls"
    cases: tuple[Call, ...] = Field(min_length=1)


class CheckerCase(JudgeRecord):
    """One run of a program, by its `input`; or one call of the entry point, by `args` and `kwargs`.

    >>> from judge import CheckerCase
    >>> CheckerCase(args=[4])
    CheckerCase(input=None, args=(4,), kwargs=None)
    """

    input: str | None = None
    args: tuple[Any, ...] | None = None
    kwargs: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check_form(self) -> Self:
        if (self.input is None) is (self.args is None and self.kwargs is None):
            raise ValueError("expected either `input`, or `args` and `kwargs`")
        return self

    @model_serializer(mode="wrap")
    def _leave_out_absent(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None}


class Checker(JudgeRecord):
    """Code that says whether an answer is right, for problems that have several: `check(input, output)`.

    For a program, `input` is the case's text and `output` what the program printed. For a call, `input` is the list of
    arguments and `output` what was returned, as plain data; a case with `kwargs` hands them over as a third argument.
    `check` returns True or False. It is run apart from the program, and never shown to it.

    >>> from judge import Checker, CheckerCase, judge
    >>> tests = Checker(
    ...     cases=[CheckerCase(args=[12]), CheckerCase(args=[35])],
    ...     code="def check(args, output): return 1 < output < args[0] and args[0] % output == 0",
    ... )
    >>> judge("def divisor(n): return next(d for d in range(2, n) if n % d == 0)", tests, entry_point="divisor").verdict
    'passed'
    """

    kind: Literal["checker"] = "checker"
    cases: tuple[CheckerCase, ...] = Field(min_length=1)
    code: str

    @model_validator(mode="after")
    def _check_cases(self) -> Self:
        if len({case.input is None for case in self.cases}) > 1:
            raise ValueError("expected cases of one form: all with `input`, or all with `args` and `kwargs`")
        return self

    @property
    def calls(self) -> bool:
        """Whether the cases are calls of the entry point, not runs of a program."""
        return self.cases[0].input is None


class UnitTest(JudgeRecord):
    """A module of unittest.TestCase classes, which use the program's names or import them from `solution`.

    >>> from judge import UnitTest, judge
    >>> tests = UnitTest(
    ...     code="import unittest\\nfrom solution import add\\n"
    ...     "class TestAdd(unittest.TestCase):\\n"
    ...     "    def test_small(self): self.assertEqual(add(1, 2), 3)\\n"
    ... )
    >>> [(test.test, test.verdict) for test in judge("def add(a, b): return a + b", tests).tests]
    [('TestAdd.test_small', 'passed')]
    """

    kind: Literal["unittest"] = "unittest"
    code: str


class Untested(JudgeRecord):
    """No tests came with the problem: only tests that a model writes can judge its programs."""

    kind: Literal["none"]


JudgedTests = Asserts | Check | Stdio | Calls | Checker | UnitTest
"""Tests that a program can be judged by."""
Tests = Annotated[Asserts | Check | Stdio | Calls | Checker | UnitTest | Untested, Field(discriminator="kind")]


def has_streams(tests: object) -> bool:
    """Return whether tests run a whole program on stdin and stdout, and call no function of it."""
    return isinstance(tests, Stdio) or (isinstance(tests, Checker) and not tests.calls)


JUDGED: TypeAdapter[JudgedTests] = TypeAdapter(Annotated[JudgedTests, Field(discriminator="kind")])
TESTS: TypeAdapter[Asserts | Check | Stdio | Calls | Checker | UnitTest | Untested] = TypeAdapter(Tests)
