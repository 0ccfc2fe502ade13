"""Self-validation is the paper's update, ties included, whatever else is computed at once."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tasks.score.rankers import Bools
from tasks.score.validation import SelfValidation, run_self_validation

matrices = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=7))
dampings = st.sampled_from([0.1, 0.5, 0.85, 0.99])
APART = 1e-11  # relative; exact scores that are closer may tie


def validate(block: Bools, damping: float = 0.85, rounds: int = 10) -> SelfValidation:
    return run_self_validation([block], damping, rounds)[0]


def compute_exactly(block: Bools, damping: float, rounds: int) -> tuple[list[int], list[int | None]]:
    """Return the scores of the paper's update without scaling and rounding, on the tests that distinguish programs.

    With d = p / q every score times q^rounds is an integer.
    """
    p, q = damping.as_integer_ratio()
    n_programs, n_tests = block.shape
    used = [j for j in range(n_tests) if any(block[:, j]) and not all(block[:, j])]
    programs, tests = [1] * n_programs, dict.fromkeys(used, 1)
    for _ in range(rounds):
        programs, tests = (
            [(q - p) * programs[i] + p * sum(tests[j] for j in used if block[i, j]) for i in range(n_programs)],
            {j: (q - p) * tests[j] + p * sum(programs[i] for i in range(n_programs) if block[i, j]) for j in used},
        )
    return programs, [tests.get(j) for j in range(n_tests)]


def assert_same(first: SelfValidation, second: SelfValidation) -> None:
    np.testing.assert_allclose(first.programs, second.programs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.tests, second.tests, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(first.constant, second.constant)
    np.testing.assert_allclose(first.change, second.change, rtol=0, atol=1e-12)


@given(matrices, dampings, st.integers(1, 12))
@settings(deadline=None, max_examples=300)
def test_ratios_and_order_are_those_of_the_unscaled_update_in_exact_arithmetic(
    block: Bools, damping: float, rounds: int
) -> None:
    result = validate(block, damping, rounds)
    programs, tests = compute_exactly(block, damping, rounds)
    assert [value is None for value in tests] == np.isnan(result.tests).tolist() == result.constant.tolist()
    test_scores = [value for value in tests if value is not None]
    for true, scores in ((programs, result.programs), (test_scores, result.tests[~result.constant])):
        # ints divide exactly rounded, however large they are
        assert scores.tolist() == pytest.approx([value / max(true) for value in true], rel=APART, abs=1e-300)
        for value, score in zip(true, scores, strict=True):
            for other, other_score in zip(true, scores, strict=True):
                if value == other:
                    assert score == other_score
                elif value > other:
                    assert score >= other_score
                    assert score > other_score or (value - other) / value < APART


def test_one_factor_for_programs_and_tests_is_what_keeps_the_order() -> None:
    rows = ["01101", "10001", "10011", "10001", "01110", "11010"]
    block = np.array([[cell == "1" for cell in row] for row in rows])
    true, _ = compute_exactly(block, 0.85, 10)
    result = validate(block).programs
    programs, tests, passes = np.ones(6), np.ones(5), block.astype(float)
    for _ in range(10):  # each scaled by a largest score of its own
        programs, tests = 0.15 * programs + 0.85 * passes @ tests, 0.15 * tests + 0.85 * programs @ passes
        programs, tests = programs / programs.max(), tests / tests.max()
    assert true[3] > true[4] and result[3] > result[4] and programs[3] < programs[4]


@given(matrices, st.data())
@settings(deadline=None)
def test_permuting_programs_or_tests_permutes_their_scores(block: Bools, data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(block.shape[0])))
    columns = data.draw(st.permutations(range(block.shape[1])))
    result = validate(block)
    permuted = SelfValidation(result.programs[rows], result.tests[columns], result.constant[columns], result.change)
    assert_same(validate(block[rows][:, columns]), permuted)


@given(st.lists(matrices, max_size=6))
@settings(deadline=None)
def test_a_block_scores_the_same_alone_and_among_others(blocks: list[Bools]) -> None:
    together = run_self_validation(blocks, 0.85, 10)
    assert len(together) == len(blocks)
    for block, result in zip(blocks, together, strict=True):
        assert_same(result, validate(block))
        assert result.programs.shape == (block.shape[0],) and result.tests.shape == (block.shape[1],)


def test_thousands_of_blocks_of_many_shapes_score_as_each_alone() -> None:
    rng = np.random.default_rng(0)
    blocks = [rng.random(rng.integers(0, 40, 2)) < rng.random() for _ in range(3000)]
    blocks.append(rng.random((900, 700)) < 0.5)  # larger than what is computed at once
    together = run_self_validation(blocks, 0.85, 10)
    for index in [*range(0, 3000, 50), 3000]:
        assert_same(together[index], validate(blocks[index]))


@given(matrices)
@settings(deadline=None)
def test_passing_a_superset_of_tests_never_scores_lower(block: Bools) -> None:
    scores = validate(block).programs
    for i in range(len(block)):
        for k in range(len(block)):
            if (block[i] >= block[k]).all():
                assert scores[i] >= scores[k]


@given(matrices.filter(lambda block: len(block) > 0), st.data())
@settings(deadline=None)
def test_programs_that_pass_the_same_tests_tie_exactly(block: Bools, data: st.DataObject) -> None:
    again = data.draw(st.integers(0, len(block) - 1))
    scores = validate(np.vstack([block, block[again]])).programs
    assert scores[again] == scores[-1]


@pytest.mark.parametrize("seed", range(20))
def test_programs_that_a_symmetry_swaps_tie_exactly(seed: int) -> None:
    """Two copies of one matrix side by side, tests in another order: program i stands for program i of the other."""
    rng = np.random.default_rng(seed)
    block = rng.random((60, 50)) < 0.4
    order = rng.permutation(50)
    both = np.zeros((120, 100), dtype=bool)
    both[:60, :50], both[60:, 50:] = block, block[:, order]
    result = validate(both, rounds=50)
    assert result.programs[:60].tolist() == result.programs[60:].tolist()
    assert result.tests[:50][order].tolist() == result.tests[50:].tolist()


@given(matrices, st.integers(1, 3), st.booleans())
@settings(deadline=None)
def test_constant_tests_change_no_program(block: Bools, more: int, passed: bool) -> None:
    wider = np.hstack([block, np.full((len(block), more), passed)])
    result = validate(wider)
    np.testing.assert_allclose(result.programs, validate(block).programs, rtol=0, atol=1e-12)
    assert result.constant[-more:].all() and np.isnan(result.tests[-more:]).all()


@pytest.mark.parametrize(
    "block",
    [np.ones((3, 2), bool), np.zeros((3, 2), bool), np.array([[True, False]] * 3), np.ones((1, 1), bool),
     np.zeros((1, 4), bool), np.ones((4, 0), bool)],
    ids=["all pass", "none passes", "mixed", "one cell", "one program", "no tests"],
)  # fmt: skip
def test_without_a_test_that_distinguishes_programs_all_score_1(block: Bools) -> None:
    result = validate(block)
    assert result.programs.tolist() == [1.0] * len(block)
    assert result.constant.all() and np.isnan(result.tests).all() and len(result.tests) == block.shape[1]
    assert result.change.tolist() == [0.0] * 10


@pytest.mark.parametrize("shape", [(0, 0), (0, 3)])
def test_without_programs_there_are_no_scores_and_every_test_is_constant(shape: tuple[int, int]) -> None:
    result = validate(np.ones(shape, bool))
    assert result.programs.shape == (0,) and result.constant.tolist() == [True] * shape[1]


def test_change_is_the_largest_difference_to_the_round_before() -> None:
    block = np.random.default_rng(1).random((9, 12)) < 0.6
    steps = [validate(block, rounds=rounds) for rounds in range(1, 9)]
    first = max(1 - steps[0].programs.min(), 1 - np.nanmin(steps[0].tests))
    later = [
        max(np.abs(after.programs - before.programs).max(), np.nanmax(np.abs(after.tests - before.tests)))
        for before, after in pairwise(steps)
    ]
    assert steps[-1].change.tolist() == pytest.approx([first, *later], abs=1e-11)
    assert later[-1] < later[0] / 10


@pytest.mark.parametrize("damping", [0.3, 0.85, 0.99])
def test_the_limit_is_that_of_hits_whatever_the_damping(damping: float) -> None:
    block = np.random.default_rng(2).random((15, 15)) < 0.5
    left, _, right = np.linalg.svd(block.astype(float))
    result = validate(block, damping, rounds=400)
    np.testing.assert_allclose(result.programs, np.abs(left[:, 0]) / np.abs(left[:, 0]).max(), atol=1e-10)
    np.testing.assert_allclose(result.tests, np.abs(right[0]) / np.abs(right[0]).max(), atol=1e-10)


def test_scores_that_fade_away_end_at_0_before_floats_lose_digits() -> None:
    block = np.zeros((30, 30), dtype=bool)
    block[:20, :20] = True
    block[20:, 20:] = np.eye(10, dtype=bool)  # falls behind by a factor of 17.15 each round
    last = [validate(block, rounds=rounds).programs[-1] for rounds in range(240, 265)]
    assert last[0] > 0 and last[-1] == 0 and not any(0 < score < 1e-300 for score in last)
    result = validate(block, rounds=10_000)
    assert result.programs.tolist() == [1.0] * 20 + [0.0] * 10


@pytest.mark.parametrize(
    ("block", "damping", "rounds", "message"),
    [
        pytest.param(np.ones((2, 2)), 0.85, 10, r"block 0: expected \(A, T\) booleans, got float64", id="floats"),
        pytest.param(
            np.ones(3, bool), 0.85, 10, r"block 0: expected \(A, T\) booleans, got bool of shape \(3,\)", id="a vector"
        ),
        pytest.param(np.ones((2, 2), bool), 1.0, 10, "expected damping in", id="damping 1"),
        pytest.param(np.ones((2, 2), bool), 0.85, 0, "expected damping in", id="no round"),
    ],
)
def test_a_block_of_another_type_or_shape_is_refused(block: Any, damping: float, rounds: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate(block, damping, rounds)
