"""Everything that is exactly alike enough is found, and nothing else."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.publish.near import FEW, HASHES, MISSED, alike, band_rows, candidates, clusters, jaccard
from tasks.publish.normalised import Grams


def grams(*numbers: int) -> Grams:
    return np.array(sorted(set(numbers)), np.uint64)


SEEDS = st.integers(0, 1 << 32).map(random.Random)
some = st.lists(st.integers(0, 15), max_size=10).map(lambda numbers: grams(*numbers))


@pytest.mark.parametrize(
    ("one", "other", "similarity"),
    [(grams(1, 2, 3), grams(2, 3, 4), 0.5), (grams(), grams(), 1), (grams(), grams(1), 0), (grams(1), grams(1), 1)],
)
def test_jaccard_is_the_shared_share(one: Grams, other: Grams, similarity: float) -> None:
    assert jaccard(one, other) == similarity


@given(some, some, st.sampled_from([0.3, 0.5, 0.7, 1.0]))
def test_the_short_cut_by_size_changes_nothing(one: Grams, other: Grams, least: float) -> None:
    assert alike(one, other, least) == (jaccard(one, other) >= least)


@pytest.mark.parametrize("least", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_miss_no_more_than_promised_and_are_no_wider_than_needed(least: float) -> None:
    def missed(rows: int) -> float:
        return float((1 - least**rows) ** (HASHES // rows))

    rows = band_rows(least)
    assert missed(rows) <= MISSED and (2 * rows > HASHES or missed(2 * rows) > MISSED)


def overlapping(rng: random.Random, least: float) -> list[Grams]:
    """Many sets, of which pairs are exactly as alike as `least`, a little more, or a little less."""
    sets = []
    for _ in range(2 * FEW):
        base = rng.sample(range(1 << 40), 60)
        keep = round(60 * (2 * least / (1 + least))) + rng.randint(-2, 3)
        sets += [grams(*base), grams(*base[: min(keep, 60)], *rng.sample(range(1 << 40), 60 - min(keep, 60)))]
    rng.shuffle(sets)
    return sets


@given(SEEDS, st.sampled_from([0.6, 0.7, 0.9]))
@settings(max_examples=10, deadline=None)
def test_bands_bring_up_every_pair_that_is_alike(rng: random.Random, least: float) -> None:
    sets = overlapping(rng, least)
    assert len(sets) > FEW
    wanted = {(j, i) for j, i in combinations(range(len(sets)), 2) if jaccard(sets[j], sets[i]) >= least}
    brought = {(j, i) for i, earlier in candidates(sets, least) for j in earlier}
    assert wanted and wanted <= brought and len(brought) < len(sets) ** 2 / 20


@given(st.lists(some, max_size=12), st.sampled_from([0.4, 0.6, 1.0]))
def test_clusters_are_what_is_connected_by_likeness(sets: list[Grams], least: float) -> None:
    parent = list(range(len(sets)))
    for _ in sets:
        for i, j in combinations(range(len(sets)), 2):
            if jaccard(sets[i], sets[j]) >= least:
                parent[i] = parent[j] = min(parent[i], parent[j])
    assert clusters(sets, least) == parent


def test_what_belongs_together_for_another_reason_is_one_cluster() -> None:
    assert clusters([grams(1), grams(2), grams(3), grams(2)], 0.9, [(0, 1)]) == [0, 0, 2, 0]
