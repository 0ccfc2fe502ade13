"""Self-validation: programs are worth what the tests they pass are worth, and tests what their programs are.

Pure. The update is that of CodeDPO, which is HITS on the graph of programs and tests with each score partly kept from
round to round; docs/self-validation.md says what follows from that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIE = 1e-12
"""Scores that differ by less than this share of themselves are equal. Sums of other orders differ by 1e-15."""
CELLS = 1 << 18
"""Of the padded matrices worked on at once, 2 MiB: bounds memory. From 2^16 to 2^20 speed differs by less than 10 %."""


@dataclass(frozen=True, eq=False)
class Validated:
    """What self-validation says of one problem with A programs and T tests."""

    programs: Floats
    """(A,) scores, the largest 1; all 1 where no test tells programs apart."""
    tests: Floats
    """(T,) credibility, the largest 1; nan for constant tests."""
    constant: Bools
    """(T,) whether all programs pass the test or none does: such tests are left out, they say nothing."""
    change: Floats
    """(rounds,) largest change of a score in each round, programs and tests each scaled to a largest of 1."""


def self_validation(blocks: Sequence[Bools], damping: float, rounds: int) -> list[Validated]:
    """Score the programs and tests of many problems.

    All scores start at 1; each round C <- (1-d) C + d L T and T <- (1-d) T + d L' C, both from the last round's values.
    Each round a problem's programs and tests are divided by one number, the largest score among both: two numbers would
    change what (1-d) C weighs against d L T, and so the order; one changes nothing but the scale.

    Args:
        blocks: per problem (A, T), whether program i passes test j; any shapes, also without programs or tests.
        damping: d, in (0, 1).
        rounds: 10 in the paper.

    Returns:
        One result per block, in their order. Neither the other blocks nor the order of programs and tests matter,
        beyond 1e-12 of a score. Programs that pass the same tests, or that swap places in a symmetry, tie exactly.
        A score below 1e-300 of the largest is 0.

    Raises:
        ValueError: a block is no matrix of booleans, or damping or rounds are out of range.

    Source:
        CodeDPO, arXiv:2410.05605. Leaving out constant tests, scaling and ties are ours.
    """
    if not 0 < damping < 1 or rounds < 1:
        raise ValueError(f"self-validation: expected damping in (0, 1) and a round, got {damping} and {rounds}")
    for index, block in enumerate(blocks):
        if block.ndim != 2 or block.dtype != np.bool_:
            raise ValueError(f"block {index}: expected (A, T) booleans, got {block.dtype} of shape {block.shape}")
    done: dict[int, Validated] = {}
    for chunk in _chunks(blocks):
        done.update(zip(chunk, _validated([blocks[index] for index in chunk], damping, rounds), strict=True))
    return [done[index] for index in range(len(blocks))]


def _chunks(blocks: Sequence[Bools]) -> Iterator[list[int]]:
    """Indices of blocks of like shape that are worked on together, as many as fit into CELLS when padded."""
    chunk: list[int] = []
    programs = tests = 0
    for index in sorted(range(len(blocks)), key=lambda index: blocks[index].shape):
        a, t = blocks[index].shape
        programs, tests = max(programs, a), max(tests, t)
        if chunk and (len(chunk) + 1) * programs * tests > CELLS:
            yield chunk
            chunk, programs, tests = [], a, t
        chunk.append(index)
    if chunk:
        yield chunk


def _validated(blocks: Sequence[Bools], damping: float, rounds: int) -> Iterator[Validated]:
    """Blocks padded to one shape; what is padding, and what is constant, starts at 0 and stays there."""
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
        factor = np.maximum(_largest(programs), _largest(tests))
        programs, tests = programs / factor, tests / factor
        before, scaled = scaled, (programs / _largest(programs), tests / _largest(tests))
        change[:, round_] = np.maximum(*(_moved(*pair) for pair in zip(before, scaled, strict=True)))
    programs, tests = (_tied(scores) for scores in scaled)
    tests[constant] = np.nan
    for index, (a, t) in enumerate(shapes.tolist()):
        yield Validated(programs[index, :a], tests[index, :t], constant[index, :t], change[index])


def _largest(scores: Floats) -> Floats:
    """(P, 1) of (P, K); 1 where all are 0."""
    largest = scores.max(axis=1, initial=0.0, keepdims=True)
    return np.where(largest > 0, largest, 1.0)


def _moved(before: Floats, after: Floats) -> Floats:
    """(P,) largest difference."""
    moved: Floats = np.abs(after - before).max(axis=1, initial=0.0)
    return moved


def _tied(scores: Floats) -> Floats:
    """Scores (P, K) where each takes the value of the largest that lies within TIE of it, link by link.

    No score has a negative part, so that their relative errors stay far below TIE, however small they are.
    """
    order = np.argsort(-scores, axis=1)
    sorted_ = np.take_along_axis(scores, order, axis=1)
    sorted_[sorted_ < 1e-300] = 0
    leads = np.zeros(scores.shape, dtype=np.int64)
    leads[:, 1:] = (sorted_[:, 1:] < sorted_[:, :-1] * (1 - TIE)) * np.arange(1, scores.shape[1])
    leaders = np.maximum.accumulate(leads, axis=1)
    tied = np.empty_like(scores)
    np.put_along_axis(tied, order, np.take_along_axis(sorted_, leaders, axis=1), axis=1)
    return tied
