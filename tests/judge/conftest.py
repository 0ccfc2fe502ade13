"""One real sandbox for the whole session, and functions that judge a program in it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from tests.judge.running import Run, RunAdd, run_add_by, run_in


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of two slots."""
    with closing(open_sandbox(SandboxSettings(jobs=2))) as sandbox:
        yield sandbox


@pytest.fixture
def judge(sandbox: Sandbox) -> Run:
    """Judge a program by any tests."""
    return run_in(sandbox)


@pytest.fixture
def add(judge: Run) -> RunAdd:
    """Judge a program for the task `add(a, b)`."""
    return run_add_by(judge)
