"""Calls whose answers are recorded: values that tests cannot tell apart have one digest, and no CPU time can be hidden."""

# ruff: noqa: E501 (programs and values are data, one a line)

import collections
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.attacks import Attack
from judge.audit import audit
from judge.inside.digest import digest
from judge.inside.proxy import NotPlainError
from judge.protocol import Answers, Job, Judged
from tests.judge.running import Run

SAME: list[tuple[object, object]] = [
    (True, 1), (1, 1.0), (3, 3.0000000000000004), (0.1 + 0.2, 0.3), (-0.0, 0.0), (0, 1e-17), (float("nan"), -float("nan")),
    ({1, 2}, frozenset({2, 1})), ({1: 2, 3: 4}, {3: 4, 1: 2}), ({"a": 1}, collections.Counter("a")), (b"a", bytearray(b"a")),
    (2 + 0j, 2), (Decimal("3.0"), 3), (Fraction(4, 2), 2), (range(0), range(5, 5)), ({1: 2}.keys(), {1}),
    (Decimal("0.50"), Decimal("0.5")), (10**30, 10**30), ([sum([0.1] * 10)], [1.0]),
]  # fmt: skip
DIFFERENT: list[tuple[object, object]] = [
    (1, 2), ("1", 1), ([1], (1,)), ([1, 2], [2, 1]), ([1, 12], [11, 2]), ([[1], 2], [[1, 2]]), ("a", b"a"), (None, "None"), ({}, set()),
    ([], ()), ({1: 2}, {2: 1}), ([1], {1}), (1.5, 1.5001), (10**30, 10**30 + 1), (1e30, 10**30), (["a,b"], ["a", "b"]),
    (range(3), [0, 1, 2]), (float("inf"), -float("inf")), (2j, 2), (collections.deque([1]), [1]), ('"', "'"), (None, 0),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_values_that_tests_take_for_equal_have_one_digest(one: object, other: object) -> None:
    assert digest(one) == digest(other) and digest([one, {"k": one}]) == digest([other, {"k": other}])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_values_that_differ_have_different_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other) and digest([one]) != digest([other])


LEAVES = st.integers() | st.text() | st.booleans() | st.none() | st.binary()
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v) | st.tuples(v, v) | st.dictionaries(st.integers() | st.text(), v), max_leaves=9
)


@given(VALUES, VALUES)
def test_digests_are_equal_exactly_where_values_are(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) is (one == other)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.randoms(use_true_random=False))
def test_sets_have_no_order(values: list[float], dice: random.Random) -> None:
    shuffled = values[:]
    dice.shuffle(shuffled)
    assert digest(set(values)) == digest(set(shuffled))


@pytest.mark.parametrize("value", [object(), [object()], iter(()), {1: 2}.values(), {"a": lambda: 1}])
def test_a_value_that_is_no_plain_data_has_no_digest(value: object) -> None:
    with pytest.raises(NotPlainError, match="the answer is"):
        digest(value)


def run_calls(judge: Run, code: str, *calls: str, entry: str = "f", **limits: float) -> Judged:
    """Run a program's function by calls, without comparing what it returns."""
    return judge(code, Answers(calls=calls), entry=entry, context="", **limits)


def test_the_message_is_the_digest_of_the_answer(judge: Run) -> None:
    row = run_calls(
        judge, "def f(a, b=1): return {'n': [a, b]}", "f(2)", "f(2, b=(3,))", "sorted(f([[9]]))", "set(f({'x': 1}))"
    )
    values = ({"n": [2, 1]}, {"n": [2, (3,)]}, ["n"], {"n"})
    assert row.verdict == "passed" and [test.message for test in row.tests] == [*map(digest, values)]


def test_arguments_are_the_same_whether_or_not_they_are_json(judge: Run) -> None:
    texts = ('f([1, -2.5e3, "a\\n\\u00e4\'"])', "f([1, -2.5e3, 'a\\nä\\''])", "f([1, -2500.0, 'a\\x0aä' + \"'\"])")
    assert len({test.message for test in run_calls(judge, "def f(x): return x", *texts).tests}) == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def f(x):\n    yield x", "class 'generator'"), ("f = lambda x: map(abs, x)", "class 'map'"),
        ("class A: pass\ndef f(x): return [A()]", "class 'A'"), ("def f(x): return f", "a function"),
    ],
)  # fmt: skip
def test_a_lazy_or_opaque_value_is_no_answer(judge: Run, code: str, says: str) -> None:
    row = run_calls(judge, code, "f([1])", "sorted(f([1]))")
    assert [test.verdict for test in row.tests] == ["failed", "failed"], row.tests
    assert all(says in test.message for test in row.tests)


def test_values_of_a_dict_are_compared_where_the_test_gives_them_an_order(judge: Run) -> None:
    row = run_calls(judge, "def f(x): return {1: x, 2: 0}.values()", "f(1)", "sorted(f(1))")
    assert "can't be compared" in row.tests[0].message and row.tests[1].message == digest([0, 1])


def test_a_program_without_the_entry_point_or_with_an_error_has_no_answer(judge: Run) -> None:
    assert run_calls(judge, "def g(x): return x", "f(1)").verdict == "failed"
    row = run_calls(judge, "def f(x): return 1 // x", "f(1)", "f(0)", "f(2)")
    assert [test.verdict for test in row.tests] == ["passed", "error", "passed"]
    assert row.tests[1].message.startswith("ZeroDivisionError")
    # Not called again to find that out, as text that is no JSON would be read a second time.
    code = "n = []\ndef f(x):\n    n.append(x)\n    if x == 0: raise ValueError('no')\n    return len(n)"
    assert run_calls(judge, code, "f(0)", "f(5)").tests[1].message == digest(2)
    row = run_calls(judge, "import os\ndef f(x): os._exit(0)", "f(1)", "f(2)")
    assert [test.verdict for test in row.tests] == ["exited", "exited"]


def test_without_calls_a_program_is_only_loaded(judge: Run) -> None:
    assert run_calls(judge, "def f(x): 1 / 0").verdict == "passed"
    assert run_calls(judge, "def g(x): pass").verdict == "failed"
    assert run_calls(judge, "1 / 0\ndef f(x): pass").verdict == "error"


def test_changed_arguments_cost_the_program_nothing_but_the_change(judge: Run) -> None:
    """As a call of a test they are compared, packed and sent home: measurably, at this size."""
    numbers = f"f({list(range(200_000))})"
    ignores, changes = (
        min(
            run_calls(judge, f"def f(x): {body}", numbers, cpu_s=10, wall_s=30, memory_mib=512).cpu_ms for _ in range(5)
        )
        for body in ("pass", "x.reverse()")
    )
    assert changes - ignores < 8, (ignores, changes)


BURST = """
import os, signal, sys
from time import thread_time as clock
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def f(n):
    for _ in range(n):
        done, said = os.pipe()
        if os.fork() == 0:
            end = clock() + .004
            while clock() < end: pass
            os._exit(0)
        os.close(said)
        os.read(done, 1)
        os.close(done)
"""


def test_children_shorter_than_an_interval_are_measured_to_the_millisecond(judge: Run) -> None:
    row = run_calls(judge, BURST, "f(20)")
    if row.evidence["cgroup"] == "none":
        pytest.skip("no cgroup counts CPU time here")
    assert row.verdict == "passed" and row.cpu_ms >= 80, row


def test_a_program_that_does_nothing_is_charged_almost_nothing(judge: Run) -> None:
    assert min(run_calls(judge, "def f(n): pass", "f(1)").cpu_ms for _ in range(10)) < 10


class MeasuringSandbox:
    """A sandbox that passes every program, as if it had used 250 ms of CPU time."""

    backend = "recorded"

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """See Sandbox.judge."""
        for job in jobs:
            yield Judged(job.job_id, "passed", (), cpu_ms=250.0)

    def close(self) -> None:
        """See Sandbox.close."""


def test_an_audit_reports_cpu_time_that_was_not_measured() -> None:
    measured = Attack("measured", "hides its CPU time", "def add(a, b): return a + b", ("passed",), least_cpu_ms=200)
    hidden = Attack("hidden", "hides its CPU time", "def add(a, b): return a + b", ("passed",), least_cpu_ms=300)
    first, second = audit(MeasuringSandbox(), [measured, hidden])
    assert first.ok and not second.ok and "250 ms of CPU time seen, it used 300" in second.feedback
