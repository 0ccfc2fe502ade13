"""Equal programs are never told apart, clearly different ones always, and work that is moved to import counts."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.tables import TIMINGS
from tasks.timing.rank import Ranking, interval, ranking
from tasks.timing.rows import efficiency
from tests.builders import row

TIMES = st.lists(st.floats(0, 1e4), min_size=3, max_size=15)


@given(TIMES, st.floats(1e-6, 0.49))
def test_an_interval_holds_its_median_and_lies_within_the_values(values: list[float], tail: float) -> None:
    found = interval(np.array(values), tail)
    assert min(values) <= found.low <= found.ratio <= found.high <= max(values)
    assert interval(np.array(values[::-1]), tail) == found


@pytest.mark.parametrize("count", [5, 7, 8, 15])
@pytest.mark.parametrize("tail", [0.2, 0.05, 0.005])
def test_the_closed_form_is_what_resampling_gives(count: int, tail: float) -> None:
    dice = np.random.default_rng(count)
    values = dice.lognormal(size=count)
    medians = np.sort(np.sort(dice.choice(values, (200_000, count)), axis=1)[:, (count - 1) // 2])
    found = interval(values, tail)
    # The share of resampled medians below the low end is at most the tail, and with the end itself it is more.
    assert np.mean(medians < found.low) <= tail + 0.003
    assert np.mean(medians <= found.low) >= tail - 0.003


@given(TIMES, st.integers(2, 6))
def test_equal_times_never_separate(times: list[float], programs: int) -> None:
    found = ranking([str(n) for n in range(programs)], {"i": np.array([times] * programs)}, [0] * programs, 0.99, 1.2)
    assert not found.separated and {speed.relative for speed in found.speeds} == {1.0}


def noisy(seed: int, *means: float, repeats: int = 7, noise: float = 0.15) -> np.ndarray:
    """Times with the long tail of a machine that does other things as well."""
    tail = np.abs(np.random.default_rng(seed).normal(0, noise, (len(means), repeats)))
    return np.array(means)[:, None] * np.exp(tail)


def test_programs_of_one_speed_are_told_apart_in_no_problem_of_many() -> None:
    for seed in range(500):
        found = ranking([*"abcdefgh"], {"i": noisy(seed, *[30.0] * 8)}, [0.0] * 8, 0.99, 1.2)
        assert not found.separated, seed


def test_programs_of_clearly_different_speed_always_are() -> None:
    for seed in range(200):
        found = ranking(["slow", "fast"], {"i": noisy(seed, 60, 20), "j": noisy(seed + 999, 90, 25)}, [1, 1], 0.99, 1.2)
        assert found.separated and [speed.attempt_id for speed in found.speeds] == ["fast", "slow"]
        assert 1.2 < found.gap.low <= found.gap.ratio <= found.gap.high < 6


def test_the_input_that_separates_least_decides() -> None:
    apart, close = noisy(1, 90, 20), noisy(2, 21, 20)
    assert ranking(["a", "b"], {"i": apart}, [0, 0], 0.99, 1.2).separated
    assert not ranking(["a", "b"], {"i": apart, "j": close}, [0, 0], 0.99, 1.2).separated


def test_work_that_is_moved_to_import_gains_nothing() -> None:
    calls = np.array([[0.1] * 7, [50.0] * 7])
    honest = ranking(["a", "b"], {"i": calls}, [0, 0], 0.99, 1.2)
    moved = ranking(["a", "b"], {"i": calls}, [50, 0], 0.99, 1.2)
    assert honest.separated and honest.speeds[0].attempt_id == "a"
    assert not moved.separated and moved.speeds[-1].relative < 1.01
    # Nor does an honest program lose against one that only loads faster.
    slow_start = ranking(["a", "b"], {"i": np.array([[30.0] * 7, [30.0] * 7])}, [100, 0], 0.99, 1.2)
    assert not slow_start.separated


def test_less_than_a_start_differs_by_is_no_difference() -> None:
    assert not ranking(["a", "b"], {"i": np.array([[0.0] * 7, [1.1] * 7])}, [0, 0], 0.99, 1.2).separated


def timings(seed: int) -> list[dict[str, object]]:
    times = {"i": noisy(seed, 20, 30, 40), "j": noisy(seed + 1, 25, 50, 60)}
    return [
        row(TIMINGS, attempt_id=name, input_id=given, repeat=n, cpu_ms=float(found[at, n]), agreed=True, import_ms=0.1)
        for given, found in times.items() for at, name in enumerate("abc") for n in range(found.shape[1])
    ]  # fmt: skip


@given(st.randoms(use_true_random=False), st.integers(0, 20))
def test_the_order_of_rows_does_not_matter(dice: random.Random, seed: int) -> None:
    rows = timings(seed)
    shuffled = rows[:]
    dice.shuffle(shuffled)
    assert efficiency(rows, 0.99, 1.2) == efficiency(shuffled, 0.99, 1.2)


def test_who_disagreed_once_is_in_no_ranking() -> None:
    rows = timings(1)
    found: Ranking | None = efficiency(rows, 0.99, 1.2)
    assert found is not None and len(found.speeds) == 3
    rows[0] = {**rows[0], "agreed": False}
    found = efficiency(rows, 0.99, 1.2)
    assert found is not None and {speed.attempt_id for speed in found.speeds} == {"b", "c"}
    rows[-1] = {**rows[-1], "agreed": False}
    assert efficiency(rows, 0.99, 1.2) is None
