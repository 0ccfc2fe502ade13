"""Self-validation: the score of a program follows from the tests that it passes, and that of a test from its programs.

Pure. The update is that of CodeDPO: HITS on the graph of programs and tests, with part of each score carried over from
round to round. docs/self-validation.md says what follows from that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.score.rankers import Bools, Floats

TIE = 1e-12
"""Scores that differ by a smaller share of themselves are equal. Another order of summation changes them by 1e-15."""
MAX_CELLS = 1 << 18
"""Cells of padded matrices computed at once (2 MiB): bounds memory. From 2^16 to 2^20 speed varies by under 10 %."""


@dataclass(frozen=True, eq=False)
class SelfValidation:
    """The result of self-validation for one problem with A programs and T tests."""

    programs: Floats
    """(A,) scores, the largest 1; all 1 where no test distinguishes programs."""
    tests: Floats
    """(T,) credibility, the largest 1; nan for constant tests."""
    constant: Bools
    """(T,) whether all programs pass the test or none does; such tests are left out."""
    change: Floats
    """(rounds,) largest change of a score in each round, programs and tests each scaled to a largest of 1."""


def run_self_validation(blocks: Sequence[Bools], damping: float, rounds: int) -> list[SelfValidation]:
    """Score the programs and tests of many problems.

    All scores start at 1. With C (A,) the programs, T (T,) the tests and L (A, T) the verdicts of a problem, each round
    sets C <- (1-d) C + d L T and T <- (1-d) T + d L' C, both from the values of the round before. Then C and T are
    divided by one number, the largest score of both, which changes their scale alone. Dividing them by two numbers
    would change the weight of (1-d) C against d L T, and so the order.

    Args:
        blocks: per problem (A, T), whether program i passes test j; A or T may be 0.
        damping: d, in (0, 1).
        rounds: 10 in the paper.

    Returns:
        One result per block, in their order. Other blocks and the order of programs and tests change a score by less
        than 1e-12 of it. Programs that pass the same tests, or that a symmetry of the matrix swaps, tie exactly. A
        score below 1e-300 of the largest is 0.

    Raises:
        ValueError: a block is no matrix of booleans, or damping or rounds are out of range.

    Source:
        CodeDPO, arXiv:2410.05605, without constant tests, scaling and ties, which the paper does not mention.
    """
    if not 0 < damping < 1 or rounds < 1:
        raise ValueError(f"self-validation: expected damping in (0, 1) and a round, got {damping} and {rounds}")
    for index, block in enumerate(blocks):
        if block.ndim != 2 or block.dtype != np.bool_:
            raise ValueError(f"block {index}: expected (A, T) booleans, got {block.dtype} of shape {block.shape}")
    results: dict[int, SelfValidation] = {}
    for chunk in _group_by_shape(blocks):
        results.update(zip(chunk, _validate_padded([blocks[index] for index in chunk], damping, rounds), strict=True))
    return [results[index] for index in range(len(blocks))]


def _group_by_shape(blocks: Sequence[Bools]) -> Iterator[list[int]]:
    """Yield indices of blocks of similar shape, as many at once as fit into MAX_CELLS when padded."""
    chunk: list[int] = []
    programs = tests = 0
    for index in sorted(range(len(blocks)), key=lambda index: blocks[index].shape):
        a, t = blocks[index].shape
        programs, tests = max(programs, a), max(tests, t)
        if chunk and (len(chunk) + 1) * programs * tests > MAX_CELLS:
            yield chunk
            chunk, programs, tests = [], a, t
        chunk.append(index)
    if chunk:
        yield chunk


def _validate_padded(blocks: Sequence[Bools], damping: float, rounds: int) -> Iterator[SelfValidation]:
    """Run self-validation on blocks padded to one shape; padding and constant tests start at 0 and stay 0."""
    count = len(blocks)
    shapes = np.array([block.shape for block in blocks])
    most_programs, most_tests = shapes.max(axis=0)
    passes = np.zeros((count, most_programs, most_tests))
    for index, block in enumerate(blocks):
        passes[index, : block.shape[0], : block.shape[1]] = block
    passed_by = passes.sum(axis=1)
    constant = (passed_by == 0) | (passed_by == shapes[:, :1])
    passes *= ~constant[:, None, :]
    programs = (np.arange(most_programs) < shapes[:, :1]).astype(np.float64)
    tests = (~constant).astype(np.float64)
    change = np.empty((count, rounds))
    scaled = programs, tests
    for round_ in range(rounds):
        programs, tests = (
            (1 - damping) * programs + damping * (passes @ tests[:, :, None])[:, :, 0],
            (1 - damping) * tests + damping * (programs[:, None, :] @ passes)[:, 0, :],
        )
        factor = np.maximum(_find_largest(programs), _find_largest(tests))
        programs, tests = programs / factor, tests / factor
        before, scaled = scaled, (programs / _find_largest(programs), tests / _find_largest(tests))
        change[:, round_] = np.maximum(*(_find_change(*pair) for pair in zip(before, scaled, strict=True)))
    programs, tests = (_merge_ties(scores) for scores in scaled)
    tests[constant] = np.nan
    for index, (a, t) in enumerate(shapes.tolist()):
        yield SelfValidation(programs[index, :a], tests[index, :t], constant[index, :t], change[index])


def _find_largest(scores: Floats) -> Floats:
    """Return (P, 1) the largest of each row of (P, K) scores; 1 where all are 0."""
    largest = scores.max(axis=1, initial=0.0, keepdims=True)
    return np.where(largest > 0, largest, 1.0)


def _find_change(before: Floats, after: Floats) -> Floats:
    """Return (P,) the largest absolute difference in each row of (P, K) scores."""
    change: Floats = np.abs(after - before).max(axis=1, initial=0.0)
    return change


def _merge_ties(scores: Floats) -> Floats:
    """Return (P, K) scores in which each chain of scores that lie within TIE of the next takes its largest value.

    Sums of products that are not negative keep relative errors far below TIE, however small they are.
    """
    order = np.argsort(-scores, axis=1)
    descending = np.take_along_axis(scores, order, axis=1)
    descending[descending < 1e-300] = 0
    starts = np.zeros(scores.shape, dtype=np.int64)
    starts[:, 1:] = (descending[:, 1:] < descending[:, :-1] * (1 - TIE)) * np.arange(1, scores.shape[1])
    chain_starts = np.maximum.accumulate(starts, axis=1)
    merged = np.empty_like(scores)
    np.put_along_axis(merged, order, np.take_along_axis(descending, chain_starts, axis=1), axis=1)
    return merged
