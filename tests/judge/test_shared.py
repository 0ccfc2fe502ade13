"""Answers that the codec cannot carry are judged in one process if the setting allows it, and pass only with a flag."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Judged, Limits, Sandbox
from tests.judge.running import asserts

TESTS = asserts("assert f(2) == array.array('i', [0, 1])", setup="import array")
RIGHT = "import array\ndef f(n): return array.array('i', range(n))"


@pytest.fixture(scope="module", params=[False, True])
def shared(request: pytest.FixtureRequest) -> bool:
    """The setting `shared`, once off and once on."""
    allowed: bool = request.param
    return allowed


@pytest.fixture(scope="module")
def sandbox(shared: bool) -> Iterator[Sandbox]:
    """A sandbox with the setting on or off."""
    with closing(open_sandbox(SandboxSettings(jobs=1, reruns=0, shared=shared))) as opened:
        yield opened


def run(sandbox: Sandbox, code: str, tests: Asserts = TESTS) -> Judged:
    (row,) = sandbox.judge([Job("1", code, "", "f", tests, Limits())])
    return row


def test_an_answer_that_cannot_cross_passes_only_with_the_flag(shared: bool, sandbox: Sandbox) -> None:
    row = run(sandbox, RIGHT)
    expected = ("passed", ("shared",), "shared") if shared else ("failed", (), "separate")
    assert (row.verdict, row.flags, row.isolation) == expected


def test_a_wrong_answer_fails_in_either(sandbox: Sandbox) -> None:
    assert run(sandbox, RIGHT.replace("range(n)", "range(n + 1)")).verdict == "failed"


@pytest.mark.parametrize("code", ["import os\ndef f(n): os._exit(0)", "import os\nos._exit(0)"])
def test_leaving_early_is_no_pass(sandbox: Sandbox, code: str) -> None:
    liar = "class L:\n    def __eq__(self, other): os._exit(0)\n"
    assert run(sandbox, code).verdict == "exited"
    assert run(sandbox, f"import os\n{liar}def f(n): return L()").verdict in ("failed", "exited")


def test_plain_answers_never_share_a_process(sandbox: Sandbox) -> None:
    tests = asserts("assert f(2) == [0, 1]")
    assert run(sandbox, "def f(n): return list(range(n))", tests).isolation == "separate"
    assert run(sandbox, "def f(n): return [n]", tests).isolation == "separate"


def test_an_object_that_lies_passes_under_the_flag_alone(sandbox: Sandbox) -> None:
    row = run(sandbox, "class L:\n    def __eq__(self, other): return True\ndef f(n): return L()")
    assert row.verdict == "failed" or row.flags == ("shared",)


REPORTS = [
    pytest.param("[1]", id="no object"),
    pytest.param('{"test": "assert f(2) == array.array(\'i\', [0, 1])"}', id="a test without a verdict"),
    pytest.param('{"test": "t", "verdict": ["passed"], "message": ""}', id="a verdict that is a list"),
    pytest.param('{"done": true, "notes": 5}', id="notes that are a number"),
    pytest.param("[" * 100_000, id="nested too deeply"),
]


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_that_a_program_forges_fails_that_program_alone(shared: bool, sandbox: Sandbox, report: str) -> None:
    code = (
        "import array, os, stat\ndef f(n):\n"
        "    if stat.S_ISFIFO(os.fstat(3).st_mode):  # the pipe of the report, in the process of the tests\n"
        f"        os.write(3, {report!r}.encode() + b'\\n')\n"
        "    return array.array('i', [9])"
    )
    row = run(sandbox, code)
    assert (row.verdict, "shared" in row.flags) == ("failed", shared)
