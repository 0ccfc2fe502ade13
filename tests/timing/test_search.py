"""Inputs grow until the slowest program takes long enough, step back from what is too much, and the search ends."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tasks.timing.search import Trial, following, settled

LEAST, LARGEST = 20.0, float(1 << 20)


def search(cost: Callable[[float], float], limit_ms: float = 1000.0) -> list[Trial]:
    """All trials on a program that takes cost(scale) ms."""
    trials: list[Trial] = []
    while (scale := following(trials, LEAST, LARGEST)) is not None:
        taken = cost(scale)
        trials.append(Trial(scale, taken if taken <= limit_ms else None))
        assert len(trials) < 60
    return trials


@given(st.floats(1e-6, 100), st.sampled_from([0.5, 1.0, 2.0, 3.0]))
def test_any_power_finds_a_scale_or_ends_at_the_largest(factor: float, power: float) -> None:
    trials = search(lambda scale: factor * scale**power)
    found = settled(trials, LEAST)
    if found is None:
        assert factor * LARGEST**power < LEAST or factor > 1000
    else:
        assert LEAST <= factor * found**power <= max(LEAST * 64, factor)


def test_exponential_growth_is_caught_between_nothing_and_too_much() -> None:
    trials = search(lambda scale: 1.6 ** (10 * scale) / 1000)
    found = settled(trials, LEAST)
    assert found is not None and LEAST <= 1.6 ** (10 * found) / 1000 <= 1000
    assert any(trial.slowest_ms is None for trial in trials)


def test_what_is_too_much_as_it_is_has_no_scale() -> None:
    trials = search(lambda scale: 5000)
    assert trials == [Trial(1.0, None)] and settled(trials, LEAST) is None


def test_a_jump_over_the_window_ends() -> None:
    trials = search(lambda scale: 1.0 if scale < 7 else 1e9)
    assert settled(trials, LEAST) is None and len(trials) < 20
