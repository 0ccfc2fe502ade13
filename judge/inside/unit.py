"""Run unittest methods in the driver, with one result per method in the driver's own report."""

import types
import unittest
from collections.abc import Iterable, Iterator

from .asserts import FailedError
from .driver import Attempt, Driver

ErrorInfo = tuple[type[BaseException], BaseException, types.TracebackType] | tuple[None, None, None]


class _FirstError(unittest.TestResult):
    """Keeps the first thing that went wrong in a test, as an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None

    def _keep(self, err: ErrorInfo) -> None:
        if self.error is None:
            self.error = err[1]

    def addError(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802  (unittest's names)
        self._keep(err)

    def addFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:  # noqa: N802
        self._keep(err)

    def addSubTest(self, test: unittest.TestCase, subtest: object, err: ErrorInfo | None) -> None:  # noqa: N802
        if err is not None:
            self._keep(err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self.error = self.error or FailedError("expected to fail, and did not", 0, None)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self.error = self.error or FailedError(f"the test was skipped: {reason}", 0, None)


def list_cases(suite: Iterable[unittest.TestSuite | unittest.TestCase]) -> list[unittest.TestCase]:
    """Return the tests of a suite, in order, also those of suites within it."""
    return list(_flatten(suite))


def _flatten(suite: Iterable[unittest.TestSuite | unittest.TestCase]) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flatten(item)
        else:
            yield item


def run_methods(driver: Driver, module: types.ModuleType) -> None:
    """Run every test method of the module, in the loader's order; first report their names as the plan.

    Where a class's setUpClass fails, each of its methods gets that result.
    """
    cases = list_cases(unittest.TestLoader().loadTestsFromModule(module))
    driver.write(plan=[name_of(case) for case in cases])
    current: type[unittest.TestCase] | None = None
    broken: Attempt | None = None
    for case in cases:
        if type(case) is not current:
            _leave_class(driver, current)
            current = type(case)
            entered = driver.attempt(current.setUpClass) if driver.final is None else ("passed", "", None)
            broken = entered if entered[0] not in ("passed", "lost") and driver.final is None else None
        if broken is not None:
            driver.write(test=name_of(case), verdict=broken[0], message=broken[1], exception=broken[2])
            continue

        def run_case(case: unittest.TestCase = case) -> None:
            result = _FirstError()
            case.run(result)
            if result.error is not None:
                raise result.error

        driver.run(name_of(case), run_case)
    _leave_class(driver, current)


def _leave_class(driver: Driver, current: type[unittest.TestCase] | None) -> None:
    if current is not None and driver.final is None:
        driver.attempt(current.tearDownClass)


def name_of(case: unittest.TestCase) -> str:
    """Return the name of a test, as in `TestX.test_y`."""
    return f"{type(case).__name__}.{case._testMethodName}"
