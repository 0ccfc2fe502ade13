"""Equal programs are never separated, clearly different ones always are, and work that is moved to import counts."""

import random
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.rows import TimingRow
from storage.tables import TIMINGS
from tasks.timing.rank import Times, bootstrap_interval, rank_programs
from tasks.timing.rows import rank_timings
from tests.builders import row

TIME_LISTS = st.lists(st.floats(0, 1e4), min_size=3, max_size=15)


@given(TIME_LISTS, st.floats(1e-6, 0.49))
def test_an_interval_holds_its_median_and_lies_within_the_values(values: list[float], tail: float) -> None:
    interval = bootstrap_interval(np.array(values), tail)
    assert min(values) <= interval.low <= interval.ratio <= interval.high <= max(values)
    assert bootstrap_interval(np.array(values[::-1]), tail) == interval


@pytest.mark.parametrize("count", [5, 7, 8, 15])
@pytest.mark.parametrize("tail", [0.2, 0.05, 0.005])
def test_the_closed_form_is_what_resampling_gives(count: int, tail: float) -> None:
    rng = np.random.default_rng(count)
    values = rng.lognormal(size=count)
    medians = np.sort(np.sort(rng.choice(values, (200_000, count)), axis=1)[:, (count - 1) // 2])
    interval = bootstrap_interval(values, tail)
    # The share of resampled medians below the low end is at most the tail, and with the end itself it is more.
    assert np.mean(medians < interval.low) <= tail + 0.003
    assert np.mean(medians <= interval.low) >= tail - 0.003


@given(TIME_LISTS, st.integers(2, 6))
def test_equal_times_never_separate(times: list[float], programs: int) -> None:
    names = [str(n) for n in range(programs)]
    ranking = rank_programs(names, {"i": np.array([times] * programs)}, [0] * programs, 0.99, 1.2)
    assert not ranking.is_separated and {speed.relative for speed in ranking.speeds} == {1.0}


def noisy_times(seed: int, *means_ms: float, repeats: int = 7, noise: float = 0.15) -> Times:
    """Return (P, R) times with the long tail of a machine that has other work."""
    tail = np.abs(np.random.default_rng(seed).normal(0, noise, (len(means_ms), repeats)))
    times: Times = np.array(means_ms)[:, None] * np.exp(tail)
    return times


def test_programs_of_one_speed_are_separated_in_none_of_500_problems() -> None:
    for seed in range(500):
        ranking = rank_programs([*"abcdefgh"], {"i": noisy_times(seed, *[30.0] * 8)}, [0.0] * 8, 0.99, 1.2)
        assert not ranking.is_separated, seed


def test_programs_of_clearly_different_speed_are_separated_in_all_of_200_problems() -> None:
    for seed in range(200):
        times = {"i": noisy_times(seed, 60, 20), "j": noisy_times(seed + 999, 90, 25)}
        ranking = rank_programs(["slow", "fast"], times, [1, 1], 0.99, 1.2)
        assert ranking.is_separated and [speed.attempt_id for speed in ranking.speeds] == ["fast", "slow"]
        assert 1.2 < ranking.slowdown.low <= ranking.slowdown.ratio <= ranking.slowdown.high < 6


def is_separated(times_ms: dict[str, Times], import_ms: list[float]) -> bool:
    return rank_programs(["a", "b"], times_ms, import_ms, 0.99, 1.2).is_separated


def test_the_input_on_which_programs_lie_closest_decides() -> None:
    apart, close = noisy_times(1, 90, 20), noisy_times(2, 21, 20)
    assert is_separated({"i": apart}, [0, 0])
    assert not is_separated({"i": apart, "j": close}, [0, 0])


def test_work_that_is_moved_to_import_gains_nothing() -> None:
    calls = np.array([[0.1] * 7, [50.0] * 7])
    honest = rank_programs(["a", "b"], {"i": calls}, [0, 0], 0.99, 1.2)
    moved = rank_programs(["a", "b"], {"i": calls}, [50, 0], 0.99, 1.2)
    assert honest.is_separated and honest.speeds[0].attempt_id == "a"
    assert not moved.is_separated and moved.speeds[-1].relative < 1.01
    # Nor does an honest program lose against one that only loads faster.
    assert not is_separated({"i": np.array([[30.0] * 7, [30.0] * 7])}, [100, 0])


def test_times_below_the_noise_of_a_start_do_not_differ() -> None:
    assert not is_separated({"i": np.array([[0.0] * 7, [1.1] * 7])}, [0, 0])


def timing_rows(seed: int) -> list[TimingRow]:
    """Return the rows of three programs on two inputs."""
    times = {"i": noisy_times(seed, 20, 30, 40), "j": noisy_times(seed + 1, 25, 50, 60)}
    rows = [
        row(
            TIMINGS, attempt_id=name, input_id=input_id, repeat=n, cpu_ms=float(matrix[index, n]), agreed=True,
            import_ms=0.1,
        )
        for input_id, matrix in times.items() for index, name in enumerate("abc") for n in range(matrix.shape[1])
    ]  # fmt: skip
    return cast(list[TimingRow], rows)


@given(st.randoms(use_true_random=False), st.integers(0, 20))
def test_the_order_of_rows_does_not_matter(rng: random.Random, seed: int) -> None:
    rows = timing_rows(seed)
    shuffled = rows[:]
    rng.shuffle(shuffled)
    assert rank_timings(rows, 0.99, 1.2) == rank_timings(shuffled, 0.99, 1.2)


def test_a_program_that_disagreed_once_is_not_ranked() -> None:
    rows = timing_rows(1)

    def ranked() -> set[str]:
        ranking = rank_timings(rows, 0.99, 1.2)
        return {speed.attempt_id for speed in ranking.speeds} if ranking else set()

    assert ranked() == {"a", "b", "c"}
    rows[0]["agreed"] = False
    assert ranked() == {"b", "c"}
    rows[-1]["agreed"] = False
    assert rank_timings(rows, 0.99, 1.2) is None
