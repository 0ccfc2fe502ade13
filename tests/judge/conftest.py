"""One real sandbox for the whole session, and builders of jobs with only what matters."""

from collections.abc import Callable, Iterator

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts, Check, Stdio, UnitTest
from judge.protocol import Job, Judged, Limits, Sandbox

TIGHT = {"cpu_s": 1.0, "wall_s": 4.0, "memory_mib": 128, "processes": 16, "files_mib": 8, "inodes": 64}
Run = Callable[..., Judged]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    opened = open_sandbox(SandboxSettings(jobs=2))
    yield opened
    opened.close()


@pytest.fixture
def judge(sandbox: Sandbox) -> Run:
    """judge(code, tests) -> Judged; `tests` is a tests model, or assert statements; limits by name."""

    def run(code: str, *tests: object, entry: str | None = None, context: str = "", **limits: object) -> Judged:
        first = tests[0] if isinstance(tests[0], Asserts | Check | Stdio | UnitTest) else None
        model = first or (tests[0] if not isinstance(tests[0], str) else Asserts(kind="asserts", asserts=tests))
        job = Job("job", code, context, entry, model, Limits(**{**TIGHT, **limits}))
        (row,) = sandbox.judge([job])
        return row

    return run


@pytest.fixture
def add(judge: Run) -> Run:
    """Judge a program for the task `add(a, b)`."""
    return lambda code, **limits: judge(code, "assert add(1, 2) == 3", "assert add(-4, 9) == 5", entry="add", **limits)
