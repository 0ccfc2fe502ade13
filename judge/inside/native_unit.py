"""Run a module of unittest as unittest itself does, with one result per method."""

import sys
import types
import unittest
from typing import Any, Protocol

from .unit import list_cases, name_of

Attempt = tuple[str, str, list[str | int | None] | None]
ErrorInfo = tuple[type[BaseException], BaseException, types.TracebackType] | tuple[None, None, None]


class Reporter(Protocol):
    """Takes the results; native.py has one."""

    def write(self, **record: object) -> None: ...
    def report(self, name: str, attempt: Attempt, **facts: object) -> None: ...
    def classify(self, error: BaseException) -> Attempt: ...
    def list_lines(self, error: BaseException) -> list[int]: ...


class _Results(unittest.TestResult):
    """Keeps the first thing that went wrong in each test, and reports tests in their order."""

    def __init__(self, reporter: Reporter, cases: list[unittest.TestCase]) -> None:
        super().__init__()
        self._reporter, self._waiting = reporter, cases
        self._attempts: dict[int, tuple[Attempt, list[int]]] = {}
        self._skipped: dict[int, str] = {}
        self._fixtures: dict[str, tuple[Attempt, list[int]]] = {}
        self.ran = False
        """Some test has run to its end."""

    def _keep(self, test: unittest.TestCase, err: ErrorInfo) -> None:
        if err[1] is None:
            return
        attempt = self._reporter.classify(err[1]), self._reporter.list_lines(err[1])
        if isinstance(test, unittest.TestCase):
            self._attempts.setdefault(id(test), attempt)
        else:  # unittest's stand-in for a fixture of a class or module
            self._fixtures[str(test)] = attempt

    def addError(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802  (unittest's names)
        self._keep(test, err)

    def addFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802
        self._keep(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: object, err: ErrorInfo | None) -> None:  # noqa: N802
        if err is not None:
            self._keep(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._attempts.setdefault(id(test), (("failed", "expected to fail, and did not", None), []))

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        error = sys.exc_info()[1]
        verdict = self._reporter.classify(error) if isinstance(error, unittest.SkipTest) else None
        by_program = verdict is not None and verdict[2] is not None and verdict[2][2] is not None
        if by_program and error is not None:
            self._keep(test, (type(error), error, error.__traceback__))  # type: ignore[arg-type]
        elif isinstance(test, unittest.TestCase):
            self._skipped[id(test)] = reason
        else:
            self._fixtures[str(test)] = ("passed", f"skipped: {reason}", None), []

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().stopTest(test)
        self._report_until(test)

    def _report_until(self, last: unittest.TestCase | None, otherwise: Attempt | None = None) -> None:
        while self._waiting:
            case = self._waiting.pop(0)
            attempt, lines = self._attempts.get(id(case)) or self._find_fixture(case) or (("passed", "", None), [])
            name, reason = name_of(case), self._skipped.get(id(case))
            if reason is not None and attempt[0] == "passed":
                attempt = ("passed", f"skipped: {reason}", None)
            if attempt[1].startswith("skipped: "):
                self._reporter.report(name, attempt, omitted=True)
            elif case is not last and attempt[0] == "passed":  # never begun
                self._reporter.report(name, otherwise or ("failed", "the test was not run", None), skipped=True)
            else:
                self.ran = True
                self._reporter.report(name, attempt, lines=lines)
            if case is last:
                return

    def _find_fixture(self, case: unittest.TestCase) -> tuple[Attempt, list[int]] | None:
        kind = type(case)
        for holder, attempt in self._fixtures.items():
            where = holder[holder.find("(") + 1 : -1]
            if where in (f"{kind.__module__}.{kind.__qualname__}", kind.__module__):
                return attempt
        return None

    def finish(self, failure: Attempt | None) -> None:
        """Report the tests that are left; `failure` is what ended the run early."""
        self._report_until(None, failure)
        for holder, (attempt, _) in self._fixtures.items():
            if attempt[0] != "passed" and holder.startswith("tearDown"):
                self._reporter.write(torn=f"{holder}: {attempt[1]}")


def run_module(reporter: Reporter, module: types.ModuleType) -> None:
    """Run every test of the module, with its fixtures; first report their names as the plan."""
    _run_coroutines()
    suite = unittest.TestLoader().loadTestsFromModule(module)
    cases = list_cases(suite)
    reporter.write(plan=[name_of(case) for case in cases])
    results = _Results(reporter, cases)
    failure = None
    try:
        suite(results)
    except BaseException as error:
        failure = reporter.classify(error)
    results.finish(failure)


def _run_coroutines() -> None:
    """Let a plain TestCase run a test that is a coroutine, which unittest would only create and let pass."""

    def call(self: unittest.TestCase, method: Any) -> None:
        value = method()
        if isinstance(value, types.CoroutineType):
            import asyncio

            asyncio.run(value)

    unittest.TestCase._callTestMethod = call  # type: ignore[attr-defined]
