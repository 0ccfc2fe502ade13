"""Agreement with the truth is the textbook's, and what it leaves undefined is counted."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.score.agreement import Agreement, Measure, Picks, agreement, kendall, picks, spearman

both = st.integers(2, 8).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(lambda v: len(set(v)) > 1)] * 2)
)


def floats(*problems: list[float]) -> list[np.ndarray]:
    return [np.array(problem, dtype=float) for problem in problems]


@pytest.mark.parametrize(
    ("one", "other", "rho", "tau"),
    [
        ([1, 2, 3], [1, 3, 2], 0.5, 1 / 3),
        ([1, 2, 3], [3, 2, 1], -1, -1),
        ([1, 1, 2], [1, 2, 3], 3**0.5 / 2, 2 / 6**0.5),  # ranks 1.5 1.5 3; two concordant pairs, one tied on one side
        ([0, 0, 1, 1], [0, 1, 0, 1], 0, 0),
    ],
)
def test_correlations_are_those_worked_out_by_hand(
    one: list[float], other: list[float], rho: float, tau: float
) -> None:
    assert spearman(*floats(one, other)) == pytest.approx(rho)
    assert kendall(*floats(one, other)) == pytest.approx(tau)


@given(both)
@settings(deadline=None)
def test_spearman_is_that_of_scipy_and_kendall_that_of_its_definition(pair: tuple[list[float], list[float]]) -> None:
    one, other = floats(*pair)
    if len(one) > 2:  # scipy's significance test wants three
        assert spearman(one, other) == pytest.approx(scipy.stats.spearmanr(one, other).statistic)
    signs = [np.sign(values[:, None] - values) for values in (one, other)]
    tied = [(side**2).sum() for side in signs]
    assert kendall(one, other) == pytest.approx((signs[0] * signs[1]).sum() / (tied[0] * tied[1]) ** 0.5)


def test_every_treatment_of_undefined_problems_is_given_and_they_are_counted() -> None:
    scores = floats([2, 4, 8], [1, 1, 1], [1, 2], [3, 3], [5])
    truth = floats([0, 1, 0.5], [0, 1, 1], [0, 0], [1, 1], [1])
    found = agreement(scores, truth, "spearman")
    pooled = scipy.stats.spearmanr([0.25, 0.5, 1, 1, 1, 1, 0.5, 1, 1, 1], [0, 1, 0.5, 0, 1, 1, 0, 0, 1, 1]).statistic
    assert found == Agreement(
        problems=4, constant_scores=2, constant_truth=2, undefined=3,
        left_out=pytest.approx(0.5), as_zero=pytest.approx(0.125),
        silent_as_zero=pytest.approx(0.25), pooled=pytest.approx(pooled),
    )  # fmt: skip


@pytest.mark.parametrize("measure", ["spearman", "kendall"])
def test_what_no_problem_defines_is_none(measure: Measure) -> None:
    assert agreement([], [], measure) == Agreement(0, 0, 0, 0, None, None, None, None)
    assert agreement(floats([1, 1]), floats([0, 1]), measure) == Agreement(1, 1, 0, 1, None, 0.0, 0.0, None)
    assert agreement(floats([0, 0]), floats([0, 0]), measure) == Agreement(1, 1, 1, 1, None, 0.0, None, None)


@given(st.lists(both, min_size=1, max_size=4), st.sampled_from(["spearman", "kendall"]))
@settings(deadline=None)
def test_only_the_order_within_a_problem_counts_and_truth_agrees_with_itself(
    pairs: list[tuple[list[float], list[float]]], measure: Measure
) -> None:
    scores, truth = (floats(*side) for side in zip(*pairs, strict=True))
    stretched = [np.exp(values) * (index + 1) for index, values in enumerate(scores)]
    one, other = agreement(scores, truth, measure), agreement(stretched, truth, measure)
    assert one.left_out == pytest.approx(other.left_out) and one.as_zero == pytest.approx(other.as_zero)
    assert agreement(truth, truth, measure).left_out == pytest.approx(1)


def test_picks_take_the_expected_value_over_ties_and_skip_problems_without_order() -> None:
    scores = floats([3, 3, 1], [1, 2], [1, 1], [])
    right = [np.array(values, dtype=bool) for values in ([1, 0, 0], [1, 1], [1, 0], [])]
    assert picks(scores, right) == Picks(pairs=2, chosen_right=0.75, rejected_wrong=0.5, both=0.25)
    assert picks(floats([1, 1]), [np.array([True, False])]) == Picks(0, None, None, None)
