"""unittest in the driver: one result per method, and what each raised goes to the driver's own report."""

import types
import unittest
from collections.abc import Iterator
from typing import Any

from .asserts import FailedError
from .driver import Driver


class _First(unittest.TestResult):
    """Keeps the first thing that went wrong, as an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.first: BaseException | None = None

    def _keep(self, error: Any) -> None:
        if self.first is None:
            self.first = error[1]

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802  (unittest's names)
        self._keep(err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._keep(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._keep(err)

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self.first = self.first or FailedError("expected to fail, and did not", 0, None)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self.first = self.first or FailedError(f"the test was skipped: {reason}", 0, None)


def _flat(suite: Any) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flat(item)
        else:
            yield item


def methods(driver: Driver, module: types.ModuleType) -> None:
    """Run every test method of the module, in the loader's order."""
    cases = list(_flat(unittest.TestLoader().loadTestsFromModule(module)))
    driver.write(plan=[_name(case) for case in cases])
    current: Any = None
    for case in cases:
        if type(case) is not current:
            _leave(driver, current)
            current = type(case)
            entered = driver.attempt(current.setUpClass) if driver.over is None else ("passed", "", None)
            broken = entered if entered[0] not in ("passed", "lost") and driver.over is None else None
        if broken is not None:
            driver.write(test=_name(case), verdict=broken[0], message=broken[1], exception=broken[2])
            continue

        def one(case: unittest.TestCase = case) -> None:
            result = _First()
            case.run(result)
            if result.first is not None:
                raise result.first

        driver.run(_name(case), one)
    _leave(driver, current)


def _leave(driver: Driver, current: Any) -> None:
    if current is not None and driver.over is None:
        driver.attempt(current.tearDownClass)


def _name(case: unittest.TestCase) -> str:
    return f"{type(case).__name__}.{case._testMethodName}"
