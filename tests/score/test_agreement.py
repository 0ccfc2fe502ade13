"""Correlations are those of textbooks, and problems without a defined correlation are counted."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.score.agreement import Agreement, Correlation, Picks, kendall, measure_agreement, measure_picks, spearman
from tasks.score.rankers import Floats

ranking_pairs = st.integers(2, 8).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(lambda v: len(set(v)) > 1)] * 2)
)


def floats(*problems: list[float]) -> list[Floats]:
    return [np.array(problem, dtype=np.float64) for problem in problems]


@pytest.mark.parametrize(
    ("x", "y", "rho", "tau"),
    [
        pytest.param([1, 2, 3], [1, 3, 2], 0.5, 1 / 3, id="one swap"),
        pytest.param([1, 2, 3], [3, 2, 1], -1, -1, id="reversed"),
        # ranks 1.5 1.5 3; two concordant pairs, one tied on one side
        pytest.param([1, 1, 2], [1, 2, 3], 3**0.5 / 2, 2 / 6**0.5, id="a tie"),
        pytest.param([0, 0, 1, 1], [0, 1, 0, 1], 0, 0, id="independent"),
    ],
)
def test_correlations_are_those_worked_out_by_hand(x: list[float], y: list[float], rho: float, tau: float) -> None:
    assert spearman(*floats(x, y)) == pytest.approx(rho)
    assert kendall(*floats(x, y)) == pytest.approx(tau)


@given(ranking_pairs)
@settings(deadline=None)
def test_spearman_is_that_of_scipy_and_kendall_that_of_its_definition(pair: tuple[list[float], list[float]]) -> None:
    x, y = floats(*pair)
    if len(x) > 2:  # scipy's significance test needs three
        assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    signs = [np.sign(values[:, None] - values) for values in (x, y)]
    untied_pairs = [(side**2).sum() for side in signs]
    tau = (signs[0] * signs[1]).sum() / (untied_pairs[0] * untied_pairs[1]) ** 0.5
    assert kendall(x, y) == pytest.approx(tau)


def test_every_treatment_of_undefined_problems_has_its_figure_and_they_are_counted() -> None:
    scores = floats([2, 4, 8], [1, 1, 1], [1, 2], [3, 3], [5])
    truth = floats([0, 1, 0.5], [0, 1, 1], [0, 0], [1, 1], [1])
    agreement = measure_agreement(scores, truth, "spearman")
    pooled = scipy.stats.spearmanr([0.25, 0.5, 1, 1, 1, 1, 0.5, 1, 1, 1], [0, 1, 0.5, 0, 1, 1, 0, 0, 1, 1]).statistic
    counts = agreement.problems, agreement.constant_scores, agreement.constant_truth, agreement.undefined
    assert counts == (4, 2, 2, 3)
    figures = agreement.left_out, agreement.as_zero, agreement.silent_as_zero, agreement.pooled
    assert figures == pytest.approx((0.5, 0.125, 0.25, pooled))


@pytest.mark.parametrize("correlation", ["spearman", "kendall"])
def test_a_figure_that_no_problem_defines_is_none(correlation: Correlation) -> None:
    def measure(scores: list[float], truth: list[float]) -> Agreement:
        return measure_agreement(floats(scores), floats(truth), correlation)

    assert measure_agreement([], [], correlation) == Agreement(0, 0, 0, 0, None, None, None, None)
    assert measure([1, 1], [0, 1]) == Agreement(1, 1, 0, 1, None, 0.0, 0.0, None)
    assert measure([0, 0], [0, 0]) == Agreement(1, 1, 1, 1, None, 0.0, None, None)


@given(st.lists(ranking_pairs, min_size=1, max_size=4), st.sampled_from(["spearman", "kendall"]))
@settings(deadline=None)
def test_only_the_order_within_a_problem_counts_and_truth_agrees_with_itself(
    pairs: list[tuple[list[float], list[float]]], correlation: Correlation
) -> None:
    scores, truth = (floats(*side) for side in zip(*pairs, strict=True))
    stretched = [np.exp(values) * (index + 1) for index, values in enumerate(scores)]
    first, second = (measure_agreement(each, truth, correlation) for each in (scores, stretched))
    assert first.left_out == pytest.approx(second.left_out) and first.as_zero == pytest.approx(second.as_zero)
    assert measure_agreement(truth, truth, correlation).left_out == pytest.approx(1)


def test_picks_take_the_expected_value_over_ties_and_skip_problems_without_order() -> None:
    scores = floats([3, 3, 1], [1, 2], [1, 1], [])
    right = [np.array(values, dtype=bool) for values in ([1, 0, 0], [1, 1], [1, 0], [])]
    assert measure_picks(scores, right) == Picks(pairs=2, chosen_right=0.75, rejected_wrong=0.5, both=0.25)
    assert measure_picks(floats([1, 1]), [np.array([True, False])]) == Picks(0, None, None, None)
