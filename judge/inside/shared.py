"""Run program and tests in one process, for answers that no codec carries.

Such a pass can be faked by the program; the judge flags its row `shared`.
"""

from collections.abc import Callable
from typing import Any

from . import kinds
from .driver import Driver
from .payload import TestsPayload
from .proxy import Ends

GetNames = Callable[[list[str] | None], dict[str, Any]]
"""Returns the program's values of these names (None: all public ones); raises what loading the program raised."""


class _LocalEnds(Ends):
    """Takes the place of the wire: names come from the program in this process."""

    def __init__(self, get_names: GetNames) -> None:
        super().__init__()
        self._get_names = get_names

    def ask(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        return self._get_names(*args) if op == "hello" else None


class _SharedDriver(Driver):
    def __init__(self, payload: TestsPayload, get_names: GetNames, results: int) -> None:
        self.payload, self.ends, self.final = payload, _LocalEnds(get_names), None
        self._results, self._lines = results, []

    def _has_uncarried(self) -> bool:
        return False

    def _check_leftover(self) -> None:
        pass


def run_shared(payload: TestsPayload, get_names: GetNames, results: int) -> None:
    """Run the tests against the program's own objects, and report on the descriptor `results`."""
    driver = _SharedDriver(payload, get_names, results)
    try:
        kinds.RUNNERS[payload["kind"]](driver)
    except SyntaxError as error:
        driver.write(broken=f"the tests are no Python: {error}")
    driver.finish()
