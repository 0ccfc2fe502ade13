"""Controls change what tests expect, so that no honest program passes them and the tests."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from judge.calibration import Calibration, RunIsolation
from judge.confirm import Confirmation, judge_job
from judge.control_values import NotConstantError, evaluate
from judge.controls import change_tests, find_controls
from judge.inside.payload import OTHER
from judge.meaning import needs_native
from judge.problems import Asserts, Call, Calls, Check, UnitTest
from judge.protocol import Job, Judged, Limits, TestFacts, TestResult

SIDES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
) | st.sets(st.integers(0, 5), max_size=4)  # fmt: skip


def read_side(text: str) -> Any:
    """Return the value that an assert compares `f()` with."""
    return eval(text.removeprefix("assert f() == "))


@settings(max_examples=300, deadline=None)
@given(st.lists(SIDES, min_size=1, max_size=3), st.integers(0, 2**32))
@example([8.98846567431158e307], 0)
@example([[8.98846567431158e307]], 0)
def test_a_changed_constant_is_another_one(values: list[Any], seed: int) -> None:
    tests = Asserts(asserts=tuple(f"assert f() == {value!r}" for value in values))
    for control in find_controls(tests):
        changed = change_tests(tests, control.number, random.Random(seed))
        pairs = [(old, new) for old, new in zip(tests.asserts, changed.asserts, strict=True) if old != new]
        assert len(pairs) == 1 and control.sure and pairs[0][0] == control.test
        if control.value:
            old, new = map(read_side, pairs[0])
            assert old != new and (type(old) is type(new) or old is None)


@settings(max_examples=100, deadline=None)
@given(st.lists(SIDES.filter(lambda value: not isinstance(value, set | bytes | tuple)), min_size=1, max_size=3),
       st.integers(0, 99))  # fmt: skip
def test_a_changed_call_expects_another_value(values: list[Any], seed: int) -> None:
    tests = Calls(cases=tuple(Call(expected=value) for value in values))
    for control in find_controls(tests):
        changed = change_tests(tests, control.number, random.Random(seed))
        assert sum(a.expected != b.expected for a, b in zip(tests.cases, changed.cases, strict=True)) == 1


def list_changes(tests: Check | UnitTest, sure: bool = True) -> list[str]:
    """Return what each control makes of the line that it changes."""
    changes = []
    for control in find_controls(tests):
        if control.sure == sure:
            changed = change_tests(tests, control.number, random.Random(1))
            old, new = tests.code.splitlines(), changed.code.splitlines()
            changes += [b.strip() for a, b in zip(old, new, strict=True) if a != b]
    return changes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("assert f() == 3", ["f() == 4", "not (f() == 3)"], id="equality"),
        pytest.param("assert 3 == f()", ["4 == f()", "not (3 == f())"], id="swapped"),
        pytest.param("assert f() is True", ["f() is False", "not (f() is True)"], id="is"),
        pytest.param("assert f() and g() == 'b'", ["f() and g() == 'f'", "not (f() and g() == 'b')"], id="and"),
        pytest.param("assert f() == 1 or f() == 2", ["not (f() == 1 or f() == 2)"], id="or"),
        pytest.param("assert not f() == 1", ["not (not f() == 1)"], id="not"),
        pytest.param("assert abs(f() - 2.5) < 0.1", ["abs(f() - 3.95) < 0.1", "not (abs(f() - 2.5) < 0.1)"], id="near"),
        pytest.param("assert f() in (1, 2)", ["f() in (3, 3)", "not (f() in (1, 2))"], id="members"),
        pytest.param("assert 1 < f() < 3", ["5 < (f()) < 7", "not (1 < f() < 3)"], id="bounds"),
        pytest.param("want = 3\nassert f() == want", ["want = 4", "not (f() == want)"], id="name"),
        pytest.param("want = [3]\nassert f(want) == want", ["not (f(want) == want)"], id="name that the program gets"),
        pytest.param("assert f() == set([1, 1])", ["f() == set([2, 1])", "not (f() == set([1, 1]))"], id="maker"),
        pytest.param("if x:\n    assert f() == 3", [], id="perhaps not reached"),
        pytest.param("def g():\n    assert f() == 3", [], id="function"),
        pytest.param("try:\n    assert f() == 3\nexcept Exception: pass", [], id="caught"),
        pytest.param("assert True", [], id="constant"),
    ],
)
def test_sure_controls_of_an_assert(text: str, expected: list[str]) -> None:
    changes = []
    tests = Asserts(asserts=(text,))
    for control in find_controls(tests):
        if control.sure:
            (new,) = change_tests(tests, control.number, random.Random(1)).asserts
            changes.append(next(b for a, b in zip(text.splitlines(), new.splitlines(), strict=True) if a != b))
    assert [change.removeprefix("assert ") for change in changes] == expected


UNIT = """
import unittest
class T(unittest.TestCase):
    def test_a(self):
        self.assertEqual(f(), {'a': 1})
        self.assertAlmostEqual(f(), 2.0, places=3)
        with self.assertRaises(ValueError): f()
        for x, want in [(1, 2), (3, 4)]:
            self.assertEqual(f(x), want)
    def test_b(self):
        if x: return
        self.assertEqual(f(), 3)
    @unittest.skip('no')
    def test_c(self): self.assertEqual(f(), 3)
    def helper(self): self.assertEqual(f(), 3)
"""


def test_sure_controls_of_a_unittest() -> None:
    changes = list_changes(UnitTest(code=UNIT))
    assert "self.assertNotEqual(f(), {'a': 1})" in changes
    assert "with self.assertRaises(type('ValueError', (Exception,), {})): f()" in changes
    assert {control.test for control in find_controls(UnitTest(code=UNIT)) if control.sure} == {"T.test_a"}
    assert sum("for x, want in" in change for change in changes) == 2


def test_other_controls_need_a_reference() -> None:
    code = "def check(candidate):\n    assert candidate(1).find('a') == sum([1, x])\n"
    changes = list_changes(Check(code=code), sure=False)
    assert f"assert candidate(1).find('a') == {OTHER}(sum([1, x]))" in changes
    assert any("find('" in change and "find('a')" not in change for change in changes)


@pytest.mark.parametrize(
    "text", ["f()", "x", "[x]", "10 ** 10 ** 10", "'a' * 10 ** 9", "open('a')", "list(range(10 ** 9))"]
)
def test_what_is_not_constant_is_not_worked_out(text: str) -> None:
    import ast

    with pytest.raises(NotConstantError):
        evaluate(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize("text", [
    "d = Dog('a')\nassert d.name == 'a'", "assert type(f()).__name__ == 'Dog'", "@f\ndef g(): return 1\nassert g() == 1",  # noqa: E501
    "import asyncio\nassert asyncio.run(f()) == 1", "import random\nrandom.seed(1)\nassert f() == 2",
    "assert f().name == 'HIGH'", "assert f() is g()", "import solution\nassert solution.total == 1",
    "class Q: pass\nassert f(Q()) == 1", "assert f.__doc__ == 'x'", "import inspect\nassert inspect.isclass(Dog)",
])  # fmt: skip
def test_such_tests_need_one_process(text: str) -> None:
    assert needs_native(Job("1", "", "", None, Asserts(asserts=(text,)), Limits()))


@pytest.mark.parametrize("text", [
    "assert add(1, 2) == 3", "x = [2, 1]\nassert f(x) is None and x == [1, 2]", "assert f('a').upper() == 'A'",
    "import math\nassert math.isclose(f(2), 1.4142, rel_tol=1e-3)", "assert isinstance(f(), list) and len(f()) == 2",
    "from collections import Counter\nassert Counter(f()) == Counter([1])", "assert Solution().solve(1) == 2",
    "try:\n    f(1)\n    assert False\nexcept ValueError as error:\n    assert str(error) == 'x'",
    "assert f(lambda x: x + 1) == 2", "import copy\nx = [1]\nassert f(copy.deepcopy(x)) == 2",
])  # fmt: skip
def test_such_tests_mean_the_same_over_a_wire(text: str) -> None:
    assert not needs_native(Job("1", "", "", None, Asserts(asserts=(text,)), Limits()))


TESTS = Asserts(asserts=("assert Dog(1).x == 3", "assert Dog(2).x == 5"))
JOB = Job("1", "code", "", "add", TESTS, Limits(), isolation="native")


def judged(verdict: Any, facts: dict[str, TestFacts] | None = None) -> Judged:
    """Return a verdict that both tests share."""
    tests = tuple(TestResult(test, verdict) for test in TESTS.asserts)
    return Judged("1", verdict, tests, facts=facts or {})


def run_as(answer: Callable[[bool], bool]) -> Callable[[Job, RunIsolation], Judged]:
    """Return a run of a program that passes as `answer(is_control)` says."""
    return lambda job, _: judged("passed" if answer(job.tests != TESTS) else "failed")


def test_a_liar_that_flips_a_coin_is_accepted_in_at_most_one_percent_of_tries() -> None:
    rng = random.Random(7)
    for share in (0.3, 0.43, 0.6, 0.9):  # of its processes in which it is found honest, and so fails the tests

        def lie(_: bool, share: float = share) -> bool:
            return rng.random() > share

        accepted = sum(judge_job(JOB, Confirmation(), run_as(lie)).verdict == "passed" for _ in range(1500))
        assert accepted <= 25


def test_honest_programs_pass_and_followers_do_not() -> None:
    assert judge_job(JOB, Confirmation(), run_as(lambda control: not control)).verdict == "passed"
    follower = judge_job(JOB, Confirmation(), run_as(lambda control: True))
    assert (follower.verdict, follower.flags) == ("failed", ("tampered",))


ASKED = {TESTS.asserts[0]: TestFacts(asked=("eq",))}


@pytest.mark.parametrize(
    ("normal", "verdict", "flags"),
    [
        (None, "failed", ("opaque",)),
        (Calibration(), "failed", ("opaque",)),
        (Calibration(asked={TESTS.asserts[0]: ("eq",)}), "passed", ()),
        (Calibration(asked={TESTS.asserts[1]: ("eq",)}), "failed", ("opaque",)),
    ],
    ids=["no reference", "plain reference", "the same", "another test"],
)
def test_an_object_may_answer_only_what_the_references_answered(
    normal: Calibration | None, verdict: str, flags: tuple[str, ...]
) -> None:
    job = replace(JOB, isolation="separate", normal=normal)
    result = judge_job(job, Confirmation(), lambda *_: judged("passed", ASKED))
    assert (result.verdict, result.flags) == (verdict, flags)


def test_a_shown_value_can_confirm_what_an_object_answered() -> None:
    tests = Asserts(asserts=("assert f().find('abc') >= 0",))
    (shown,) = [control.number for control in find_controls(tests) if control.shown]
    job = replace(JOB, tests=tests, isolation="separate", normal=Calibration(controls=(shown,)))

    def run(part: Job, _: RunIsolation, follows: bool = False) -> Judged:
        passes = follows or part.tests == tests
        assert isinstance(part.tests, Asserts)
        name, verdict = part.tests.asserts[0], "passed" if passes else "failed"
        return Judged("1", verdict, (TestResult(name, verdict),), facts={name: TestFacts(asked=("call",))})  # type: ignore[arg-type]

    honest = judge_job(job, Confirmation(), run)
    assert (honest.verdict, honest.flags) == ("passed", ("opaque",))
    liar = judge_job(job, Confirmation(), lambda part, isolation: run(part, isolation, follows=True))
    assert (liar.verdict, liar.flags) == ("failed", ("opaque", "tampered"))
