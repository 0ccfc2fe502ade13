"""Every pair that is similar enough is found, and no other pair."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.publish.ngrams import Ngrams
from tasks.publish.similarity import (
    EXHAUSTIVE_SETS,
    HASHES,
    MISS_PROBABILITY,
    cluster_sets,
    is_similar,
    jaccard_similarity,
    propose_pairs,
    rows_per_band,
)


def make_set(*numbers: int) -> Ngrams:
    return np.array(sorted(set(numbers)), np.uint64)


GENERATORS = st.integers(0, 1 << 32).map(random.Random)
SETS = st.lists(st.integers(0, 15), max_size=10).map(lambda numbers: make_set(*numbers))


@pytest.mark.parametrize(
    ("ngrams", "other", "similarity"),
    [
        pytest.param(make_set(1, 2, 3), make_set(2, 3, 4), 0.5, id="half"),
        pytest.param(make_set(), make_set(), 1, id="both empty"),
        pytest.param(make_set(), make_set(1), 0, id="one empty"),
        pytest.param(make_set(1), make_set(1), 1, id="equal"),
    ],
)
def test_jaccard_similarity_is_the_intersection_over_the_union(
    ngrams: Ngrams, other: Ngrams, similarity: float
) -> None:
    assert jaccard_similarity(ngrams, other) == similarity


@given(SETS, SETS, st.sampled_from([0.3, 0.5, 0.7, 1.0]))
def test_the_shortcut_by_size_changes_no_result(ngrams: Ngrams, other: Ngrams, threshold: float) -> None:
    assert is_similar(ngrams, other, threshold) == (jaccard_similarity(ngrams, other) >= threshold)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_keep_the_probability_of_a_miss_and_are_no_shorter_than_needed(threshold: float) -> None:
    def miss_probability(rows: int) -> float:
        return float((1 - threshold**rows) ** (HASHES // rows))

    rows = rows_per_band(threshold)
    assert miss_probability(rows) <= MISS_PROBABILITY
    assert 2 * rows > HASHES or miss_probability(2 * rows) > MISS_PROBABILITY


def draw_overlapping_sets(rng: random.Random, threshold: float) -> list[Ngrams]:
    """Draw many sets, with pairs whose similarity is exactly the threshold, a little more, or a little less."""
    sets = []
    for _ in range(2 * EXHAUSTIVE_SETS):
        numbers = rng.sample(range(1 << 40), 60)
        shared = min(round(60 * (2 * threshold / (1 + threshold))) + rng.randint(-2, 3), 60)
        sets += [make_set(*numbers), make_set(*numbers[:shared], *rng.sample(range(1 << 40), 60 - shared))]
    rng.shuffle(sets)
    return sets


@given(GENERATORS, st.sampled_from([0.6, 0.7, 0.9]))
@settings(max_examples=10, deadline=None)
def test_bands_propose_every_similar_pair(rng: random.Random, threshold: float) -> None:
    sets = draw_overlapping_sets(rng, threshold)
    assert len(sets) > EXHAUSTIVE_SETS
    pairs = combinations(range(len(sets)), 2)
    similar = {(i, j) for i, j in pairs if jaccard_similarity(sets[i], sets[j]) >= threshold}
    proposed = {(j, i) for i, earlier in propose_pairs(sets, threshold) for j in earlier}
    assert similar and similar <= proposed and len(proposed) < len(sets) ** 2 / 20


@given(st.lists(SETS, max_size=12), st.sampled_from([0.4, 0.6, 1.0]))
def test_clusters_are_the_connected_components_of_similarity(sets: list[Ngrams], threshold: float) -> None:
    smallest = list(range(len(sets)))
    for _ in sets:
        for i, j in combinations(range(len(sets)), 2):
            if jaccard_similarity(sets[i], sets[j]) >= threshold:
                smallest[i] = smallest[j] = min(smallest[i], smallest[j])
    assert cluster_sets(sets, threshold) == smallest


def test_joined_pairs_are_one_cluster_whatever_their_similarity() -> None:
    sets = [make_set(1), make_set(2), make_set(3), make_set(2)]
    assert cluster_sets(sets, 0.9, [(0, 1)]) == [0, 0, 2, 0]
