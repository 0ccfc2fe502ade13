"""Judge a program by the parts that matter to a test: its code, its tests, and the limits that differ."""

from typing import Protocol

from judge.problems import Asserts, JudgedTests
from judge.protocol import Answers, Job, Judged, Limits, Sandbox

TIGHT = Limits(cpu_s=1.0, wall_s=4.0, memory_mib=128, processes=16, files_mib=8, inodes=64)


class Run(Protocol):
    """Judge a program; tests are assert statements, or one of the kinds; limits are given by name."""

    def __call__(
        self,
        code: str,
        *tests: str | JudgedTests | Answers,
        entry: str | None = None,
        context: str = "",
        **limits: float,
    ) -> Judged: ...


class RunAdd(Protocol):
    """Judge a program for the task `add(a, b)`."""

    def __call__(self, code: str, **limits: float) -> Judged: ...


def asserts(*statements: str, setup: str = "") -> Asserts:
    """Return assert statements as tests."""
    return Asserts(setup=setup, asserts=statements)


def run_in(sandbox: Sandbox) -> Run:
    """Return a function that judges one program in this sandbox, under tight limits."""

    def run(
        code: str,
        *tests: str | JudgedTests | Answers,
        entry: str | None = None,
        context: str = "",
        **limits: float,
    ) -> Judged:
        first = tests[0]
        model = asserts(*map(str, tests)) if isinstance(first, str) else first
        job = Job("job", code, context, entry, model, Limits.model_validate({**TIGHT.model_dump(), **limits}))
        (judged,) = sandbox.judge([job])
        return judged

    return run


def run_add_by(run: Run) -> RunAdd:
    """Return a function that judges programs for `add(a, b)` by two assert statements."""
    return lambda code, **limits: run(code, "assert add(1, 2) == 3", "assert add(-4, 9) == 5", entry="add", **limits)
