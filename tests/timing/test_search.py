"""Inputs grow until the slowest program takes long enough, shrink where they are too large, and the search ends."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tasks.timing.search import Trial, next_scale, sufficient_scale

LEAST, LARGEST = 20.0, float(1 << 20)


def search(cost: Callable[[float], float], limit_ms: float = 1000.0) -> list[Trial]:
    """Return all trials with a program that takes cost(scale) ms."""
    trials: list[Trial] = []
    while (scale := next_scale(trials, LEAST, LARGEST)) is not None:
        cpu_ms = cost(scale)
        trials.append(Trial(scale, cpu_ms if cpu_ms <= limit_ms else None))
        assert len(trials) < 60
    return trials


@given(st.floats(1e-6, 100), st.sampled_from([0.5, 1.0, 2.0, 3.0]))
def test_a_program_of_any_power_gets_a_scale_or_is_too_fast_at_the_largest(factor: float, power: float) -> None:
    trials = search(lambda scale: factor * scale**power)
    sufficient = sufficient_scale(trials, LEAST)
    if sufficient is None:
        assert factor * LARGEST**power < LEAST or factor > 1000
    else:
        assert LEAST <= factor * sufficient**power <= max(LEAST * 64, factor)


def test_a_program_of_exponential_growth_gets_a_scale_between_two_trials() -> None:
    trials = search(lambda scale: 1.6 ** (10 * scale) / 1000)
    sufficient = sufficient_scale(trials, LEAST)
    assert sufficient is not None and LEAST <= 1.6 ** (10 * sufficient) / 1000 <= 1000
    assert any(trial.slowest_ms is None for trial in trials)


def test_an_input_that_is_too_large_unscaled_has_no_scale() -> None:
    trials = search(lambda scale: 5000)
    assert trials == [Trial(1.0, None)] and sufficient_scale(trials, LEAST) is None


def test_the_search_ends_where_time_jumps_from_too_little_to_too_much() -> None:
    trials = search(lambda scale: 1.0 if scale < 7 else 1e9)
    assert sufficient_scale(trials, LEAST) is None and len(trials) < 20
