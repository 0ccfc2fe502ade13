"""Measure how well a ranker's scores agree with the truth, over many problems. Pure.

A rank correlation within a problem is undefined where all its programs have one score, or all one truth. Such problems
are many: every program wrong, or none that passes all tests. The CodeDPO paper says neither how it treats them nor
whether it takes one correlation per problem or one over all programs. So there are four figures:

- `left_out`: mean over the problems where it is defined. It favours a ranker that is constant on hard problems.
- `as_zero`: mean over all problems, 0 where it is undefined.
- `silent_as_zero`: mean over the problems whose programs are not equally true, 0 where the ranker is constant. The
  fairest of them: only problems with an answer count, and giving none costs.
- `pooled`: one correlation over the programs of all problems, each problem's scores divided by its largest. It also
  compares programs of different problems, and counts problems that are constant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np
from scipy.stats import kendalltau, rankdata

from tasks.score.rankers import Bools, Floats

Correlation = Literal["spearman", "kendall"]


@dataclass(frozen=True)
class Agreement:
    """The agreement of one ranker with the truth; a correlation is None where no problem defines it."""

    problems: int
    """Problems with at least two programs: one alone cannot be ranked."""
    constant_scores: int
    """Of these, problems whose programs have one score."""
    constant_truth: int
    """Of these, problems whose programs have one truth; they may be the same problems."""
    undefined: int
    """Of these, problems with one score or one truth."""
    left_out: float | None
    as_zero: float | None
    silent_as_zero: float | None
    pooled: float | None


@dataclass(frozen=True)
class Picks:
    """Pairs of the best and the worst program of every problem; shares are None without a pair.

    Programs that tie for the best or the worst score are equally likely to be picked: shares are expected values.
    """

    pairs: int
    """Problems whose best score is above the worst."""
    chosen_right: float | None
    """Share of the best that are right."""
    rejected_wrong: float | None
    """Share of the worst that are wrong."""
    both: float | None
    """Share of the pairs with a right best and a wrong worst program."""


def measure_agreement(scores: Sequence[Floats], truth: Sequence[Floats], correlation: Correlation) -> Agreement:
    """Compare a ranker's scores with the truth.

    Args:
        scores: per problem (A,), the score of each program; scores of different problems need not be comparable.
        truth: per problem (A,), how right each program is; values of different problems are comparable.
        correlation: spearman (Pearson's correlation of the ranks, ties with their mean rank) or kendall (tau-b).
    """
    correlate = CORRELATIONS[correlation]
    problems = [pair for pair in zip(scores, truth, strict=True) if len(pair[0]) > 1]
    constants = [(_is_constant(own_scores), _is_constant(own_truth)) for own_scores, own_truth in problems]
    values = [
        correlate(own_scores, own_truth)
        for (own_scores, own_truth), constant in zip(problems, constants, strict=True)
        if not any(constant)
    ]  # fmt: skip
    answerable = sum(not constant_truth for _, constant_truth in constants)
    pooled = None
    if problems:
        all_scores = np.concatenate([_scale_to_one(own_scores) for own_scores, _ in problems])
        all_truth = np.concatenate([own_truth for _, own_truth in problems])
        if not _is_constant(all_scores) and not _is_constant(all_truth):
            pooled = correlate(all_scores, all_truth)
    return Agreement(
        problems=len(problems),
        constant_scores=sum(constant_scores for constant_scores, _ in constants),
        constant_truth=sum(constant_truth for _, constant_truth in constants),
        undefined=len(problems) - len(values),
        left_out=fmean(values) if values else None,
        as_zero=sum(values) / len(problems) if problems else None,
        silent_as_zero=sum(values) / answerable if answerable else None,
        pooled=pooled,
    )


def measure_picks(scores: Sequence[Floats], right: Sequence[Bools]) -> Picks:
    """Pair the best with the worst program of every problem, and measure how many are right and wrong.

    Args:
        scores: per problem (A,), the score of each program.
        right: per problem (A,), whether each program is right.
    """
    chosen_right, rejected_wrong = [], []
    for own_scores, own_right in zip(scores, right, strict=True):
        if len(own_scores) and not _is_constant(own_scores):
            chosen_right.append(float(own_right[own_scores == own_scores.max()].mean()))
            rejected_wrong.append(float(1 - own_right[own_scores == own_scores.min()].mean()))
    if not chosen_right:
        return Picks(0, None, None, None)
    # best and worst are drawn independently, since no program is both
    both = fmean(c * r for c, r in zip(chosen_right, rejected_wrong, strict=True))
    return Picks(len(chosen_right), fmean(chosen_right), fmean(rejected_wrong), both)


def spearman(x: Floats, y: Floats) -> float:
    """Return Spearman's rho of two rankings that are not constant, (A,) each."""
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def kendall(x: Floats, y: Floats) -> float:
    """Return Kendall's tau-b of two rankings that are not constant, (A,) each."""
    return float(kendalltau(x, y).statistic)


CORRELATIONS: Mapping[Correlation, Callable[[Floats, Floats], float]] = {"spearman": spearman, "kendall": kendall}


def _is_constant(values: Floats) -> bool:
    return bool(np.all(values == values[:1]))


def _scale_to_one(values: Floats) -> Floats:
    """Divide scores by their largest, unless all are 0."""
    largest = values.max()
    return values / largest if largest > 0 else values
