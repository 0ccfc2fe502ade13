"""What the codec can't carry is judged in one process where that is asked for, and is never a pass without a flag."""

from collections.abc import Iterator

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Judged, Limits, Sandbox

TESTS = Asserts(kind="asserts", setup="import array", asserts=("assert f(2) == array.array('i', [0, 1])",))
RIGHT = "import array\ndef f(n): return array.array('i', range(n))"


@pytest.fixture(scope="module", params=[False, True])
def trusting(request: pytest.FixtureRequest) -> Iterator[tuple[bool, Sandbox]]:
    sandbox = open_sandbox(SandboxSettings(jobs=1, reruns=0, shared=request.param))
    yield request.param, sandbox
    sandbox.close()


def judged(sandbox: Sandbox, code: str, tests: Asserts = TESTS) -> Judged:
    (row,) = sandbox.judge([Job("1", code, "", "f", tests, Limits())])
    return row


def test_an_answer_that_can_not_cross_passes_only_with_the_flag(trusting: tuple[bool, Sandbox]) -> None:
    asked, sandbox = trusting
    row = judged(sandbox, RIGHT)
    told = (row.verdict, row.flags, row.isolation)
    assert told == (("passed", ("shared",), "shared") if asked else ("failed", (), "separate"))


def test_a_wrong_answer_fails_in_either(trusting: tuple[bool, Sandbox]) -> None:
    assert judged(trusting[1], RIGHT.replace("range(n)", "range(n + 1)")).verdict == "failed"


@pytest.mark.parametrize("code", ["import os\ndef f(n): os._exit(0)", "import os\nos._exit(0)"])
def test_leaving_early_is_no_pass(trusting: tuple[bool, Sandbox], code: str) -> None:
    liar = "class L:\n    def __eq__(self, other): os._exit(0)\n"
    assert judged(trusting[1], code).verdict == "exited"
    assert judged(trusting[1], f"import os\n{liar}def f(n): return L()").verdict in ("failed", "exited")


def test_plain_answers_never_share_a_process(trusting: tuple[bool, Sandbox]) -> None:
    tests = Asserts(kind="asserts", asserts=("assert f(2) == [0, 1]",))
    assert judged(trusting[1], "def f(n): return list(range(n))", tests).isolation == "separate"
    assert judged(trusting[1], "def f(n): return [n]", tests).isolation == "separate"


def test_an_object_that_lies_passes_under_the_flag_alone(trusting: tuple[bool, Sandbox]) -> None:
    row = judged(trusting[1], "class L:\n    def __eq__(self, other): return True\ndef f(n): return L()")
    assert row.verdict == "failed" or row.flags == ("shared",)
