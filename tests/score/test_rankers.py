"""The scorers that self-validation is compared with compute what their names say."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tasks.score.rankers import (
    Bools,
    score_at_random,
    score_by_ground_truth,
    score_by_pass_all,
    score_by_passed_count,
)

matrices = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=7))


@given(matrices)
@settings(deadline=None)
def test_passed_count_orders_by_the_number_of_tests_passed(block: Bools) -> None:
    counts = [sum(row) for row in block.tolist()]
    scores = score_by_passed_count(block)
    assert scores.tolist() == [count / max(1, block.shape[1]) for count in counts]
    assert all(np.sign(scores[i] - scores[k]) == np.sign(counts[i] - counts[k])
               for i in range(len(block)) for k in range(len(block)))  # fmt: skip


@given(matrices)
@settings(deadline=None)
def test_pass_all_is_1_exactly_where_no_test_fails_and_there_is_one(block: Bools) -> None:
    assert score_by_pass_all(block).tolist() == [float(bool(row) and all(row)) for row in block.tolist()]


def test_random_scores_depend_on_the_id_alone_and_are_the_same_in_every_process() -> None:
    ids = [f"{index:024x}" for index in range(2000)]
    scores = score_at_random(ids)
    assert score_at_random(ids[::-1]).tolist() == scores[::-1].tolist()
    script = "import sys; from tasks.score import rankers; print(rankers.score_at_random(sys.argv[1:]).tolist())"
    process = subprocess.run(
        [sys.executable, "-c", script, *ids[:5]], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert process.stdout.strip() == str(scores[:5].tolist())
    assert scores.min() >= 0 and scores.max() < 1 and len(set(scores.tolist())) == 2000
    counts, _ = np.histogram(scores, bins=10, range=(0, 1))
    assert ((counts - 200) ** 2 / 200).sum() < 27.9  # chi-squared, 9 degrees of freedom, 0.999


@given(st.lists(st.integers(0, 20).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))))
@settings(deadline=None)
def test_ground_truth_is_1_exactly_for_right_programs(counts: list[tuple[int, int]]) -> None:
    scores = score_by_ground_truth([passed for passed, _ in counts], [total for _, total in counts])
    assert (scores == 1).tolist() == [total > 0 and passed == total for passed, total in counts]
    assert scores.tolist() == pytest.approx([passed / total if total else 0 for passed, total in counts])
