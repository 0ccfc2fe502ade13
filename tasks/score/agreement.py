"""How well a ranker's scores agree with the truth, over many problems. Pure.

A rank correlation within a problem is undefined where all its programs have one score, or all one truth, and such
problems are many: every program wrong, or none that passes all tests. The CodeDPO paper does not say what it did with
them, nor whether it took one correlation per problem or one over all programs. So there are three figures:

- `left_out`: mean over the problems where it is defined. Flatters a ranker that is silent where things are hard.
- `as_zero`: mean over all problems, 0 where it is undefined.
- `silent_as_zero`: mean over the problems whose programs are not equally true, 0 where the ranker is constant. The
  fairest of them: a ranker is asked only what has an answer, and pays for giving none.
- `pooled`: one correlation over the programs of all problems, each problem's scores divided by its largest. It also
  asks how a program compares with those of other problems, and problems that are constant take part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

Floats = NDArray[np.float64]
Measure = Literal["spearman", "kendall"]


@dataclass(frozen=True)
class Agreement:
    """Of one ranker with the truth; a correlation is None where no problem defines it."""

    problems: int
    """Problems with two programs or more: fewer can't be ranked."""
    constant_scores: int
    """Of these, problems whose programs the ranker gives one score."""
    constant_truth: int
    """Of these, problems whose programs are equally true; may be the same problems."""
    undefined: int
    """Of these, problems that are one or both."""
    left_out: float | None
    as_zero: float | None
    silent_as_zero: float | None
    pooled: float | None


@dataclass(frozen=True)
class Picks:
    """What comes of taking the best against the worst of every problem; shares are None without a pair.

    Where several share the best score, or the worst, each is as likely to be taken: the shares are expected values.
    """

    pairs: int
    """Problems whose best score is above the worst."""
    chosen_right: float | None
    """Share of the best that are right."""
    rejected_wrong: float | None
    """Share of the worst that are wrong."""
    both: float | None
    """Share of the pairs of which both hold."""


def agreement(scores: Sequence[Floats], truth: Sequence[Floats], measure: Measure) -> Agreement:
    """Compare a ranker with the truth.

    Args:
        scores: per problem (A,), one score for each program; scores of different problems need not be comparable.
        truth: per problem (A,), how right each program is; values of different problems are comparable.
        measure: spearman (Pearson's correlation of the ranks, equal values sharing their mean rank) or kendall (tau-b).
    """
    correlation = MEASURES[measure]
    ranked = [pair for pair in zip(scores, truth, strict=True) if len(pair[0]) > 1]
    found = [(_constant(given), _constant(true)) for given, true in ranked]
    values = [
        correlation(given, true)
        for (given, true), constant in zip(ranked, found, strict=True)
        if not any(constant)
    ]  # fmt: skip
    answerable = sum(not true for _, true in found)
    pooled = None
    if ranked:
        given = np.concatenate([_scaled(given) for given, _ in ranked])
        true = np.concatenate([true for _, true in ranked])
        pooled = None if _constant(given) or _constant(true) else correlation(given, true)
    return Agreement(
        problems=len(ranked),
        constant_scores=sum(given for given, _ in found),
        constant_truth=sum(true for _, true in found),
        undefined=len(ranked) - len(values),
        left_out=fmean(values) if values else None,
        as_zero=sum(values) / len(ranked) if ranked else None,
        silent_as_zero=sum(values) / answerable if answerable else None,
        pooled=pooled,
    )


def picks(scores: Sequence[Floats], right: Sequence[NDArray[np.bool_]]) -> Picks:
    """Take the best against the worst of every problem.

    Args:
        scores: per problem (A,), one score for each program.
        right: per problem (A,), whether each is right.
    """
    chosen, rejected = [], []
    for given, true in zip(scores, right, strict=True):
        if len(given) and not _constant(given):
            chosen.append(float(true[given == given.max()].mean()))
            rejected.append(float(1 - true[given == given.min()].mean()))
    if not chosen:
        return Picks(0, None, None, None)
    both = fmean(c * r for c, r in zip(chosen, rejected, strict=True))  # drawn independently: no program is in both
    return Picks(len(chosen), fmean(chosen), fmean(rejected), both)


def spearman(one: Floats, other: Floats) -> float:
    """Spearman's rho of two rankings that are not constant, (A,) each."""
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def kendall(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two rankings that are not constant, (A,) each."""
    return float(kendalltau(one, other).statistic)


MEASURES: Mapping[Measure, Callable[[Floats, Floats], float]] = {"spearman": spearman, "kendall": kendall}


def _constant(values: Floats) -> bool:
    return bool(np.all(values == values[:1]))


def _scaled(values: Floats) -> Floats:
    largest = values.max()
    return values / largest if largest > 0 else values
