"""What needs no sandbox: comparing outputs, feedback, verdicts from facts, filters, names."""

# ruff: noqa: E501, RUF001 (programs and cases are data, one a line; the odd digits are the point)

import ast
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.compare import compare_output
from judge.feedback import LONGEST, write_feedback
from judge.inside import seccomp
from judge.inside.kinds import equals_json
from judge.inside.names import collect_names, split_names
from judge.outcome import Outcome
from judge.problems import Asserts
from judge.protocol import Job, Limits, TestResult
from judge.verdicts import judge_tested


@pytest.mark.parametrize(
    ("got", "want", "equal"),
    [
        ("1 2\n", "1 2", True), ("1\n2  \n\n", "1 2", True), ("1", "1 2", False), ("1 2 3", "1 2", False), ("", "", True),
        ("0.3333333", "0.33333333", True), ("1e-3", "0.001", True), ("1.0", "1", True), ("2", "3", False), ("02", "2", False),
        ("1000000", "1000001", False), ("1000000.0", "1000000.5", True), ("0.1", "0.2", False), ("nan", "nan", True),
        ("nan", "1.0", False), ("inf", "1.0", False), ("1_0.0", "10.0", False), ("YES", "yes", False), ("１.0", "1.0", False),
    ],
)  # fmt: skip
def test_outputs_are_compared_by_token(got, want, equal):
    assert (compare_output(got.encode(), want) == "") is equal


@given(st.text())
def test_an_output_equals_itself_whatever_blanks_are_added(text):
    raw = text.encode("utf-8", "replace")
    assert compare_output(b" " + raw + b" \n", raw.decode()) == ""


@pytest.mark.parametrize(
    ("got", "want", "equal"),
    [
        ((1, 2), [1, 2], True), ([(1,), [2]], [[1], [2]], True), ({1: "a"}, {"1": "a"}, True), ({True: 1}, {"true": 1}, True),
        (0.1 + 0.2, 0.3, True), (1, 1.0, True), (True, 1, False), (1, True, False), ({1, 2}, [1, 2], False), ("a", ["a"], False),
        (None, None, True), ([1], [1, 2], False), (float("nan"), 1.0, False), (10**400, 0.5, False), ({1: 2, "1": 2}, {"1": 2}, False),
    ],
)  # fmt: skip
def test_calls_are_compared_as_json(got, want, equal):
    assert equals_json(got, want) is equal


def test_feedback_is_short_and_has_no_addresses():
    tests = tuple(
        TestResult(f"assert f({n}) == {'9' * 3000}", "failed", "got <A at 0x7f12ab>" + "x" * 5000) for n in range(3)
    )
    text = write_feedback("failed", tests)
    assert len(text) <= LONGEST and "0x7f" not in text and "0 of 3 tests passed" in text
    assert write_feedback("passed", tests) == "" and write_feedback("no_code", ()) != ""


def _judged(*records, **facts):
    job = Job("a", "x = 1", "", "f", Asserts(kind="asserts", asserts=("assert f(1)", "assert f(2)")), Limits())
    return judge_tested(job, ["assert f(1)", "assert f(2)"], Outcome(records=list(records), **facts))


PASS = {"verdict": "passed", "message": "", "exception": None}
ONE, TWO = {"test": "assert f(1)", **PASS}, {"test": "assert f(2)", **PASS}
DONE = {"done": True, "notes": []}


def test_a_pass_needs_an_answer_to_every_test():
    assert _judged(ONE, TWO, DONE).verdict == "passed"
    for records in (
        (),
        (DONE,),
        (ONE, DONE),
        (TWO, ONE, DONE),
        (ONE, ONE, DONE),
        (ONE, {**TWO, "verdict": "PASSED"}, DONE),
    ):
        assert _judged(*records).verdict == "failed"


def test_tampering_and_limits_outweigh_answers():
    row = _judged(ONE, TWO, {"tampered": "more bytes"}, DONE)
    assert row.verdict == "failed" and row.flags == ("tampered",) and "more bytes" in row.feedback
    assert _judged(ONE, TWO, DONE, stop="output", why="much").verdict == "output"


def test_how_a_program_left_is_told():
    lost = {"test": "assert f(2)", "verdict": "lost", "message": "", "exception": None}
    assert _judged(ONE, lost, DONE, status=3 << 8).tests[1].message == "the program ended with exit code 3"
    assert _judged(ONE, lost, DONE, status=11).signal == 11
    assert _judged(ONE, lost, DONE, stop="memory", why="w").tests[1].verdict == "memory"


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize("static", [True, False])
def test_filters_jump_only_within_themselves(machine, static):
    code = seccomp.build_filter(static, False, machine)
    ops = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    assert ops[-1] == (seccomp.RET, 0, 0, seccomp.ALLOW)
    for at, (op, yes, no, _) in enumerate(ops):
        assert op == seccomp.RET or at + 1 + max(yes, no) < len(ops)


def _answer(machine, static, number, *args, forks=True):
    """What a filter says to one call, by walking it."""
    _, arch = seccomp.MACHINES[machine]
    data = struct.pack("=iIQ6Q", number, arch, 0, *args, *[0] * (6 - len(args)))
    code, at, acc = seccomp.build_filter(static, forks, machine), 0, 0
    while True:
        op, yes, no, k = struct.unpack_from("=HBBI", code, at * 8)
        at += 1
        if op == seccomp.RET:
            return k
        if op == seccomp.LD:
            (acc,) = struct.unpack_from("=I", data, k)
        else:
            holds = {seccomp.JEQ: acc == k, seccomp.JGE: acc >= k, seccomp.JSET: bool(acc & k)}[op]
            at += yes if holds else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_filters_say_no_to_what_they_name_and_yes_to_the_rest(machine):
    column = seccomp.MACHINES[machine][0]
    no = seccomp.ERRNO | seccomp.EPERM
    for table, static in ((seccomp.STATIC, True), (seccomp.PER_JOB, False)):
        for numbers in table.values():
            if numbers[column] is not None:
                assert _answer(machine, static, numbers[column]) == no
    clone, socket, kill = seccomp.CLONE[column], seccomp.SOCKET[column], seccomp.KILLS[0][0][column]
    assert _answer(machine, True, clone, 0x10000000) == no and _answer(machine, True, clone, 17) == seccomp.ALLOW
    assert _answer(machine, True, socket, 2) == no and _answer(machine, True, socket, 1) == seccomp.ALLOW
    assert _answer(machine, True, seccomp.CLONE3[column]) == seccomp.ERRNO | seccomp.ENOSYS
    assert _answer(machine, False, kill, 1, 9) == seccomp.KILL and _answer(machine, False, kill, 1, 15) == seccomp.ALLOW
    assert _answer(machine, False, kill, 5, 9) == seccomp.ALLOW and _answer(machine, False, 0) == seccomp.ALLOW
    assert _answer(machine, False, clone, 17, forks=False) == no
    assert _answer(machine, False, clone, 0x10F00, forks=False) == seccomp.ALLOW


def test_names_of_python_are_never_the_candidates():
    names = collect_names(ast.parse("set(f(x)) == Counter(math.pi, Node, sorted)"))
    ask, given_ = split_names(names, set(), "f")
    assert ask == ["Node", "f", "x"] and set(given_) == {"Counter", "math"}
    assert split_names({"sum"}, set(), "sum")[0] == ["sum"]
