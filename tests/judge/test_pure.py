"""The parts of the judge that need no sandbox: comparisons, feedback, verdicts from facts, filters, names."""

# ruff: noqa: E501 (programs and cases are data, one a line; the odd digits are the point)

import ast
import struct

import pytest

from judge.feedback import LONGEST, write_feedback
from judge.inside import seccomp
from judge.inside.kinds import equals_json
from judge.inside.names import collect_names, split_names
from judge.outcome import DriverRecord, Outcome, Stop
from judge.problems import Asserts
from judge.protocol import Job, Judged, Limits, TestResult
from judge.verdicts import judge_tested


@pytest.mark.parametrize(
    ("actual", "expected", "equal"),
    [
        ((1, 2), [1, 2], True), ([(1,), [2]], [[1], [2]], True), ({1: "a"}, {"1": "a"}, True), ({True: 1}, {"true": 1}, True),
        (0.1 + 0.2, 0.3, True), (1, 1.0, True), (True, 1, False), (1, True, False), ({1, 2}, [1, 2], False), ("a", ["a"], False),
        (None, None, True), ([1], [1, 2], False), (float("nan"), 1.0, False), (10**400, 0.5, False), ({1: 2, "1": 2}, {"1": 2}, False),
    ],
)  # fmt: skip
def test_calls_are_compared_as_json(actual: object, expected: object, equal: bool) -> None:
    assert equals_json(actual, expected) is equal


def test_feedback_is_short_and_has_no_addresses() -> None:
    tests = tuple(
        TestResult(f"assert f({n}) == {'9' * 3000}", "failed", "got <A at 0x7f12ab>" + "x" * 5000) for n in range(3)
    )
    text = write_feedback("failed", tests)
    assert len(text) <= LONGEST and "0x7f" not in text and "0 of 3 tests passed" in text
    assert write_feedback("passed", tests) == "" and write_feedback("no_code", ()) != ""


def _judge(*records: DriverRecord, status: int | None = None, stop: Stop | None = None, why: str = "") -> Judged:
    """Return the verdict on a program with two asserts, from the driver's report and how the run ended."""
    job = Job("a", "x = 1", "", "f", Asserts(asserts=("assert f(1)", "assert f(2)")), Limits())
    outcome = Outcome(records=list(records), status=status, stop=stop, why=why)
    return judge_tested(job, ["assert f(1)", "assert f(2)"], outcome)


FIRST: DriverRecord = {"test": "assert f(1)", "verdict": "passed", "message": "", "exception": None}
SECOND: DriverRecord = {"test": "assert f(2)", "verdict": "passed", "message": "", "exception": None}
OTHER_WORD: DriverRecord = {"test": "assert f(2)", "verdict": "PASSED", "message": "", "exception": None}
LOST: DriverRecord = {"test": "assert f(2)", "verdict": "lost", "message": "", "exception": None}
DONE: DriverRecord = {"done": True, "notes": []}


def test_a_report_with_an_answer_to_every_test_is_a_pass() -> None:
    assert _judge(FIRST, SECOND, DONE).verdict == "passed"


@pytest.mark.parametrize(
    "records",
    [
        pytest.param((), id="empty"),
        pytest.param((DONE,), id="no answer"),
        pytest.param((FIRST, DONE), id="one answer missing"),
        pytest.param((SECOND, FIRST, DONE), id="wrong order"),
        pytest.param((FIRST, FIRST, DONE), id="one answer twice"),
        pytest.param((FIRST, OTHER_WORD, DONE), id="unknown verdict"),
    ],
)
def test_any_other_report_is_no_pass(records: tuple[DriverRecord, ...]) -> None:
    assert _judge(*records).verdict in ("failed", "exited")


def test_tampering_and_limits_outweigh_answers() -> None:
    row = _judge(FIRST, SECOND, {"tampered": "more bytes"}, DONE)
    assert row.verdict == "failed" and row.flags == ("tampered",) and "more bytes" in row.feedback
    assert _judge(FIRST, SECOND, DONE, stop="output", why="much").verdict == "output"


def test_results_say_how_a_program_ended() -> None:
    assert _judge(FIRST, LOST, DONE, status=3 << 8).tests[1].message == "the program ended with exit code 3"
    assert _judge(FIRST, LOST, DONE, status=11).signal == 11
    assert _judge(FIRST, LOST, DONE, stop="memory", why="w").tests[1].verdict == "memory"


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize("static", [True, False])
def test_filters_jump_only_within_themselves(machine: str, static: bool) -> None:
    code = seccomp.build_filter(static, False, machine)
    ops = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    assert ops[-1] == (seccomp.RET, 0, 0, seccomp.ALLOW)
    for at, (op, yes, no, _) in enumerate(ops):
        assert op == seccomp.RET or at + 1 + max(yes, no) < len(ops)


def _run_filter(machine: str, static: bool, number: int, *args: int, forks: bool = True) -> int:
    """Return a filter's answer to one system call, by interpreting its operations."""
    _, arch = seccomp.MACHINES[machine]
    data = struct.pack("=iIQ6Q", number, arch, 0, *args, *[0] * (6 - len(args)))
    code, at, accumulator = seccomp.build_filter(static, forks, machine), 0, 0
    while True:
        op, yes, no, k = struct.unpack_from("=HBBI", code, at * 8)
        at += 1
        if op == seccomp.RET:
            return int(k)
        if op == seccomp.LD:
            (accumulator,) = struct.unpack_from("=I", data, k)
        else:
            holds = {seccomp.JEQ: accumulator == k, seccomp.JGE: accumulator >= k, seccomp.JSET: bool(accumulator & k)}[
                op
            ]
            at += yes if holds else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_filters_refuse_the_calls_in_their_tables_and_allow_the_rest(machine: str) -> None:
    column = seccomp.MACHINES[machine][0]
    refused, allowed = seccomp.ERRNO | seccomp.EPERM, seccomp.ALLOW
    for table, static in ((seccomp.STATIC, True), (seccomp.PER_JOB, False)):
        for numbers in table.values():
            if (number := numbers[column]) is not None:
                assert _run_filter(machine, static, number) == refused
    clone, socket, kill = seccomp.CLONE[column], seccomp.SOCKET[column], seccomp.KILLS[0][0][column]
    assert _run_filter(machine, True, clone, 0x10000000) == refused and _run_filter(machine, True, clone, 17) == allowed
    assert _run_filter(machine, True, socket, 2) == refused and _run_filter(machine, True, socket, 1) == allowed
    assert _run_filter(machine, True, seccomp.CLONE3[column]) == seccomp.ERRNO | seccomp.ENOSYS
    assert (
        _run_filter(machine, False, kill, 1, 9) == seccomp.KILL and _run_filter(machine, False, kill, 1, 15) == allowed
    )
    assert _run_filter(machine, False, kill, 5, 9) == allowed and _run_filter(machine, False, 0) == allowed
    assert _run_filter(machine, False, clone, 17, forks=False) == refused
    assert _run_filter(machine, False, clone, 0x10F00, forks=False) == allowed


def test_names_of_python_are_never_asked_of_the_candidate() -> None:
    names = collect_names(ast.parse("set(f(x)) == Counter(math.pi, Node, sorted)"))
    asked, supplied = split_names(names, set(), "f")
    assert asked == ["Node", "f", "x"] and set(supplied) == {"Counter", "math"}
    assert split_names({"sum"}, set(), "sum")[0] == ["sum"]
