"""Programs are measured in turns, and their times are what the sandbox says; here a sandbox of known costs."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import pytest

from judge.protocol import Answers, Job, Judged, Limits, TestResult, Verdict
from tasks.timing.calls import LiteralCall
from tasks.timing.measure import STARTS, STUB, ProgramTimer, calibrate_scale, find_majority, measure_repeats
from tasks.timing.settings import TimingSettings

START_MS, CARRY_MS = 3.0, 2.0
SETTINGS = TimingSettings(repeats=5)
CALL = LiteralCall(([3, 1, 2, 9],))
NO_IMPORT = dict.fromkeys("abc", 0.0)
EMPTY_REPLY: tuple[Verdict, str] = ("passed", "")
Cost = Callable[[str, int, int], float]
"""CPU time in ms of a program, beyond start and carry, by its name, the size of the input and the number of its run."""
Reply = Callable[[str, int, int], tuple[Verdict, str]]
"""Verdict and answer, by the same."""


def same_answer(name: str, size: int, run: int) -> tuple[Verdict, str]:
    return "passed", str(size)


class ScriptedSandbox:
    """A sandbox in which starting costs 3 ms, reading a call 2 ms, and a script decides the rest."""

    backend = "scripted"

    def __init__(self, cost: Cost, reply: Reply = same_answer) -> None:
        self.cost, self.reply = cost, reply
        self.runs: list[tuple[str, int]] = []
        """Name and size of the input of every run so far."""

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        for job in jobs:
            assert isinstance(job.tests, Answers)
            size = len(job.tests.calls[0].split(",")) if job.tests.calls else 0
            run = self.runs.count((job.job_id, size))
            self.runs.append((job.job_id, size))
            cpu_ms = START_MS + CARRY_MS * (size > 0)
            verdict, answer = self.reply(job.job_id, size, run) if job.job_id != STUB else EMPTY_REPLY
            cpu_ms += self.cost(job.job_id, size, run) if job.job_id != STUB else 0
            yield Judged(job.job_id, verdict, (TestResult("call 1", verdict, answer),), cpu_ms=cpu_ms)

    def close(self) -> None:
        """Nothing was started."""


def timer_of(sandbox: ScriptedSandbox) -> ProgramTimer:
    return ProgramTimer(sandbox, "f", "", dict.fromkeys("abc", "def f(xs): ..."), Limits(cpu_s=1))


def linear_cost(name: str, size: int, run: int) -> float:
    return size * {"a": 0.01, "b": 0.02, "c": 0.03}[name] if size else {"a": 7.0, "b": 0.0, "c": 1.0}[name]


def test_an_import_is_the_time_beyond_that_of_an_empty_program() -> None:
    def fail_once(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return ("error" if name == "c" and run == 2 else "passed"), "x"

    sandbox = ScriptedSandbox(linear_cost, fail_once)
    assert timer_of(sandbox).measure_imports("abc") == {"a": 7.0, "b": 0.0}
    assert sorted(sandbox.runs) == sorted([(name, 0) for name in (STUB, *"abc")] * STARTS)


def test_inputs_grow_until_the_slowest_program_takes_long_enough() -> None:
    scale, trials = calibrate_scale(timer_of(ScriptedSandbox(linear_cost)), CALL, "seed", NO_IMPORT, SETTINGS)
    assert scale is not None and 20 <= 4 * scale * 0.03 <= 80 and trials[-1].scale == scale
    assert trials[-1].slowest_ms == pytest.approx(4 * scale * 0.03, abs=0.1)


def test_one_slow_run_does_not_end_the_search() -> None:
    def slow_once(name: str, size: int, run: int) -> float:
        return 50.0 if size > 100 and run == 0 and name == "a" else linear_cost(name, size, run)

    scales = [
        calibrate_scale(timer_of(ScriptedSandbox(cost)), CALL, "s", NO_IMPORT, SETTINGS)[0]
        for cost in (slow_once, linear_cost)
    ]
    assert scales[0] == scales[1]


def test_an_input_near_a_limit_is_made_smaller_again() -> None:
    def time_out(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return ("timeout", "") if name == "c" and size > 3000 else ("passed", str(size))

    scale, _ = calibrate_scale(timer_of(ScriptedSandbox(linear_cost, time_out)), CALL, "s", NO_IMPORT, SETTINGS)
    assert scale is not None and 4 * scale <= 3000
    slower = TimingSettings(least_ms=1000)
    scale, trials = calibrate_scale(timer_of(ScriptedSandbox(linear_cost, time_out)), CALL, "s", NO_IMPORT, slower)
    assert scale is None and any(trial.slowest_ms is None for trial in trials)


@pytest.mark.parametrize(
    ("answers", "majority"),
    [
        pytest.param(["x", "x", "y"], "x", id="two of three"),
        pytest.param(["x", "y"], "", id="one of two"),
        pytest.param(["x", "x", "y", "y"], "", id="two of four"),
        pytest.param(["x", "", ""], "", id="one answer of three"),
        pytest.param([], "", id="none"),
        pytest.param(["", ""], "", id="no answers"),
    ],
)
def test_more_than_half_of_all_make_a_majority(answers: list[str], majority: str) -> None:
    assert find_majority(answers) == find_majority(answers[::-1]) == majority


def test_programs_take_turns_in_changing_order_and_import_and_carry_are_subtracted() -> None:
    import_ms = {"a": 7.0, "b": 0.0, "c": 1.0}
    sandbox = ScriptedSandbox(lambda name, size, run: linear_cost(name, size, run) + import_ms[name])
    repeats = list(measure_repeats(timer_of(sandbox), CALL, 10.0, "s", import_ms, range(5)))
    timings = [timing for repeat in repeats for timing in repeat]
    assert [timing.repeat for timing in timings] == sorted([0, 1, 2, 3, 4] * 3)
    for timing in timings:
        assert timing.agreed and timing.carry_ms == START_MS + CARRY_MS
        assert timing.import_ms == import_ms[timing.attempt_id]
        assert timing.cpu_ms == pytest.approx(linear_cost(timing.attempt_id, 40, 0))
    names = enumerate(name for name, _ in sandbox.runs if name)
    orders = [tuple(name for _, name in turn) for _, turn in groupby(names, lambda numbered: numbered[0] // 3)]
    assert len(orders) == 5 and {tuple(sorted(order)) for order in orders} == {("a", "b", "c")}
    assert len(set(orders)) > 1


def test_a_program_that_disagrees_is_not_measured_again() -> None:
    def disagree_once(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return ("passed", "other") if name == "c" and run == 1 else ("passed", "x")

    timer = timer_of(ScriptedSandbox(linear_cost, disagree_once))
    repeats = list(measure_repeats(timer, CALL, 10.0, "s", NO_IMPORT, range(5)))
    names = [sorted(timing.attempt_id for timing in repeat) for repeat in repeats]
    assert names == [[*"abc"], [*"abc"], [*"ab"], [*"ab"], [*"ab"]]
    disagreeing = [(timing.attempt_id, timing.repeat) for repeat in repeats for timing in repeat if not timing.agreed]
    assert disagreeing == [("c", 1)]


def test_without_a_majority_all_disagree_and_the_repeats_end() -> None:
    def answer_name(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return "passed", name

    timer = timer_of(ScriptedSandbox(linear_cost, answer_name))
    repeats = list(measure_repeats(timer, CALL, 10.0, "s", NO_IMPORT, range(5)))
    assert len(repeats) == 1 and not any(timing.agreed for timing in repeats[0])
