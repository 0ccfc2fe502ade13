"""Tests that have the limits each to itself."""

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits

LIMITS = Limits(cpu_s=0.5, wall_s=20.0)


@pytest.fixture(scope="module")
def run():
    sandbox = open_sandbox(SandboxSettings(backend="bubblewrap", jobs=1))

    def judge(code, *tests, limits=LIMITS):
        given = Asserts(kind="asserts", asserts=tests or tuple(f"assert f({n}) == {n}" for n in range(1, 6)))
        (row,) = sandbox.judge([Job("job", code, "", "f", given, limits, each=True)])
        return row

    yield judge
    sandbox.close()


def verdicts(row):
    return [test.verdict for test in row.tests]


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
def test_what_stops_one_test_leaves_the_others_theirs(run, code, expected, verdict):
    row = run(code)
    assert verdicts(row) == expected and row.verdict == verdict
    assert [test.test for test in row.tests] == [f"assert f({n}) == {n}" for n in range(1, 6)]


def test_every_test_has_the_whole_limit(run):
    slow = "    end = time.process_time() + 0.3\n    while time.process_time() < end: pass\n"
    row = run(f"import time\ndef f(n):\n{slow}    return n")
    assert verdicts(row) == ["passed"] * 5 and row.verdict == "passed"
    assert row.cpu_ms > 5 * 300


def test_a_program_that_never_loads_is_run_twice_and_no_more(run):
    row = run("while True: pass\ndef f(n): return n")
    assert verdicts(row) == ["timeout"] * 5
    assert row.evidence["runs"] == 2 and row.cpu_ms < 2000


def test_state_that_a_stopped_test_has_spoilt_is_fresh_for_the_next(run):
    body = "    seen.append(n)\n    if n == 2: os._exit(1)\n    return n if 2 not in seen else -1"
    row = run(f"import os\nseen = []\ndef f(n):\n{body}")
    assert verdicts(row) == ["passed", "exited", "passed", "passed", "passed"]


def test_a_lie_on_the_wire_ends_it_all(run):
    code = "import os\nos.write(3, b'x' * 100)\ndef f(n): return n"
    row = run(code)
    assert row.verdict != "passed" and "passed" not in verdicts(row) and len(row.tests) == 5
