"""What is run when, and what is made of it; the sandbox is one whose costs and answers are known."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import pytest

from judge.protocol import Answers, Job, Judged, Limits, TestResult, Verdict
from tasks.settings import TimeSettings
from tasks.timing.calls import Call
from tasks.timing.measure import STARTS, STUB, Stopwatch, majority, repeats, settle

START_MS, TAKE_MS = 3.0, 2.0
HOW = TimeSettings(repeats=5)
Cost = Callable[[str, int, int], float]
Reply = Callable[[str, int, int], tuple[Verdict, str]]


class Known:
    """A sandbox in which starting costs 3 ms, taking in a call 2 ms, and the rest is told: by program, size and run."""

    backend = "known"

    def __init__(self, cost: Cost, reply: Reply = lambda name, size, run: ("passed", str(size))) -> None:
        self.cost, self.reply = cost, reply
        self.ran: list[tuple[str, int]] = []

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        for job in jobs:
            assert isinstance(job.tests, Answers)
            size = len(job.tests.calls[0].split(",")) if job.tests.calls else 0
            run = self.ran.count((job.job_id, size))
            self.ran.append((job.job_id, size))
            took = START_MS + TAKE_MS * (size > 0)
            verdict, answer = ("passed", "") if job.job_id == STUB else self.reply(job.job_id, size, run)
            took += 0 if job.job_id == STUB else self.cost(job.job_id, size, run)
            yield Judged(job.job_id, verdict, (TestResult("call 1", verdict, answer),), cpu_ms=took)

    def close(self) -> None:
        pass


def watch(sandbox: Known, *names: str) -> Stopwatch:
    return Stopwatch(sandbox, "f", "", dict.fromkeys(names, "def f(xs): ..."), Limits(cpu_s=1))


CALL = Call(([3, 1, 2, 9],))


def linear(name: str, size: int, run: int) -> float:
    return size * {"a": 0.01, "b": 0.02, "c": 0.03}[name] if size else {"a": 7.0, "b": 0.0, "c": 1.0}[name]


def test_an_import_is_what_loading_takes_beyond_an_empty_program() -> None:
    sandbox = Known(linear, lambda name, size, run: ("error" if name == "c" and run == 2 else "passed", "x"))
    assert watch(sandbox, "a", "b", "c").import_ms("abc") == {"a": 7.0, "b": 0.0}
    assert sorted(sandbox.ran) == sorted([(name, 0) for name in (STUB, *"abc")] * STARTS)


def test_inputs_grow_until_the_slowest_takes_long_enough() -> None:
    sandbox = Known(linear)
    scale, trials = settle(watch(sandbox, "a", "b", "c"), CALL, "seed", dict.fromkeys("abc", 0.0), HOW)
    assert scale is not None and 20 <= 4 * scale * 0.03 <= 80 and trials[-1].scale == scale
    assert trials[-1].slowest_ms == pytest.approx(4 * scale * 0.03, abs=0.1)


def test_one_slow_run_is_not_long_enough() -> None:
    def burst(name: str, size: int, run: int) -> float:
        return 50.0 if size > 100 and run == 0 and name == "a" else linear(name, size, run)

    names = dict.fromkeys("abc", 0.0)
    assert (
        settle(watch(Known(burst), *"abc"), CALL, "s", names, HOW)[0]
        == settle(watch(Known(linear), *"abc"), CALL, "s", names, HOW)[0]
    )


def test_what_comes_near_a_limit_is_stepped_back_from() -> None:
    def explodes(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return ("timeout", "") if name == "c" and size > 3000 else ("passed", str(size))

    scale, trials = settle(watch(Known(linear, explodes), *"abc"), CALL, "s", dict.fromkeys("abc", 0.0), HOW)
    assert scale is not None and 4 * scale <= 3000
    slower = TimeSettings(least_ms=1000)
    scale, trials = settle(watch(Known(linear, explodes), *"abc"), CALL, "s", dict.fromkeys("abc", 0.0), slower)
    assert scale is None and any(trial.slowest_ms is None for trial in trials)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (["x", "x", "y"], "x"),
        (["x", "y"], ""),
        (["x", "x", "y", "y"], ""),
        (["x", "", ""], ""),
        ([], ""),
        (["", ""], ""),
    ],
)
def test_more_than_half_of_all_make_a_majority(answers: list[str], wanted: str) -> None:
    assert majority(answers) == majority(answers[::-1]) == wanted


def test_repeats_are_interleaved_in_changing_order_and_import_and_carrying_are_taken_off() -> None:
    sandbox = Known(lambda name, size, run: linear(name, size, run) + {"a": 7.0, "b": 0.0, "c": 1.0}[name])
    import_ms = {"a": 7.0, "b": 0.0, "c": 1.0}
    laps = list(repeats(watch(sandbox, *"abc"), CALL, 10.0, "s", import_ms, range(5)))
    assert [row.repeat for lap in laps for row in lap] == sorted([0, 1, 2, 3, 4] * 3)
    for row in (row for lap in laps for row in lap):
        assert row.agreed and row.carry_ms == START_MS + TAKE_MS and row.import_ms == import_ms[row.attempt_id]
        assert row.cpu_ms == pytest.approx(linear(row.attempt_id, 40, 0))
    orders = [tuple(group) for _, group in groupby(enumerate(n for n, _ in sandbox.ran if n), lambda at: at[0] // 3)]
    named = [tuple(name for _, name in order) for order in orders]
    assert len(named) == 5 and {tuple(sorted(order)) for order in named} == {("a", "b", "c")} and len(set(named)) > 1


def test_who_disagrees_is_not_run_again() -> None:
    def odd(name: str, size: int, run: int) -> tuple[Verdict, str]:
        return ("passed", "other") if name == "c" and run == 1 else ("passed", "x")

    laps = list(repeats(watch(Known(linear, odd), *"abc"), CALL, 10.0, "s", dict.fromkeys("abc", 0.0), range(5)))
    assert [sorted(row.attempt_id for row in lap) for lap in laps] == [[*"abc"], [*"abc"], [*"ab"], [*"ab"], [*"ab"]]
    assert [(row.attempt_id, row.repeat) for lap in laps for row in lap if not row.agreed] == [("c", 1)]


def test_where_most_disagree_nobody_is_believed_and_the_race_ends() -> None:
    laps = list(
        repeats(
            watch(Known(linear, lambda name, size, run: ("passed", name)), *"abc"), CALL, 10.0, "s",
            dict.fromkeys("abc", 0.0), range(5),
        )
    )  # fmt: skip
    assert len(laps) == 1 and not any(row.agreed for row in laps[0])
