"""Asserts that have the limits each to itself."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Job, Judged, Limits
from tests.judge.running import asserts

LIMITS = Limits(cpu_s=0.5, wall_s=20.0)


RunEach = Callable[[str], Judged]


@pytest.fixture(scope="module")
def run() -> Iterator[RunEach]:
    """Judge a program by five asserts, `f(1) == 1` to `f(5) == 5`."""
    tests = asserts(*(f"assert f({n}) == {n}" for n in range(1, 6)))

    def judge(code: str) -> Judged:
        (judged,) = sandbox.judge([Job("job", code, "", "f", tests, LIMITS, each=True)])
        return judged

    with closing(open_sandbox(SandboxSettings(backend="bubblewrap", jobs=1))) as sandbox:
        yield judge


def list_verdicts(judged: Judged) -> list[str]:
    """Return the verdict of every test."""
    return [test.verdict for test in judged.tests]


@pytest.mark.parametrize(
    ("code", "expected", "verdict"),
    [
        pytest.param("def f(n): return n", ["passed"] * 5, "passed", id="right"),
        pytest.param("def f(n): return n % 4", ["passed"] * 3 + ["failed"] * 2, "failed", id="wrong on some"),
        pytest.param(
            "def f(n):\n    while n == 2: pass\n    return n", ["passed", "timeout"] + ["passed"] * 3, "timeout",
            id="hangs on one",
        ),
        pytest.param(
            "def f(n):\n    while n == 1: pass\n    return n", ["timeout"] + ["passed"] * 4, "timeout",
            id="hangs on the first",
        ),
        pytest.param(
            "import os\ndef f(n):\n    if n == 3: os._exit(0)\n    return n",
            ["passed", "passed", "exited", "passed", "passed"], "exited", id="exits on one",
        ),
        pytest.param(
            "def f(n):\n    if n == 4: return len('x' * 10**10)\n    return n",
            ["passed"] * 3 + ["memory", "passed"], "memory", id="eats memory on one",
        ),
        pytest.param("1 / 0\ndef f(n): return n", ["error"] * 5, "error", id="raises at import"),
        pytest.param("def f(n) return n", ["error"] * 5, "error", id="no Python"),
        pytest.param("def g(n): return n", ["error"] * 5, "error", id="another name"),
    ],
)  # fmt: skip
def test_a_stop_of_one_test_leaves_the_others_their_verdicts(
    run: RunEach, code: str, expected: list[str], verdict: str
) -> None:
    row = run(code)
    assert list_verdicts(row) == expected and row.verdict == verdict
    assert [test.test for test in row.tests] == [f"assert f({n}) == {n}" for n in range(1, 6)]


def test_every_test_has_the_whole_limit(run: RunEach) -> None:
    slow = "    end = time.process_time() + 0.3\n    while time.process_time() < end: pass\n"
    row = run(f"import time\ndef f(n):\n{slow}    return n")
    assert list_verdicts(row) == ["passed"] * 5 and row.verdict == "passed"
    assert row.cpu_ms > 5 * 300


def test_a_program_that_never_loads_is_run_twice_and_no_more(run: RunEach) -> None:
    row = run("while True: pass\ndef f(n): return n")
    assert list_verdicts(row) == ["timeout"] * 5
    assert row.evidence["runs"] == 2 and row.cpu_ms < 2000


def test_state_that_a_stopped_test_corrupted_is_fresh_for_the_next(run: RunEach) -> None:
    body = "    seen.append(n)\n    if n == 2: os._exit(1)\n    return n if 2 not in seen else -1"
    row = run(f"import os\nseen = []\ndef f(n):\n{body}")
    assert list_verdicts(row) == ["passed", "exited", "passed", "passed", "passed"]


def test_a_broken_protocol_ends_all_tests(run: RunEach) -> None:
    row = run("import os\nos.write(3, b'x' * 100)\ndef f(n): return n")
    assert row.verdict != "passed" and "passed" not in list_verdicts(row) and len(row.tests) == 5
