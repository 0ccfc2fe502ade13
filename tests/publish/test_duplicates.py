"""Merged parts of a row keep the similarity of the parts."""

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from tasks.publish.duplicates import merge_parts
from tasks.publish.ngrams import Ngrams
from tasks.publish.similarity import jaccard_similarity
from tests.publish.test_similarity import SETS, make_set


@given(st.lists(st.tuples(SETS, SETS), min_size=1, max_size=3))
@hypothesis.example([(make_set(0, 2), make_set(0, 1, 2)), (make_set(1, 2), make_set(1, 2, 3))])
def test_merged_rows_are_at_least_as_similar_as_their_least_similar_parts(pairs: list[tuple[Ngrams, Ngrams]]) -> None:
    row, other_row = zip(*pairs, strict=True)
    whole = jaccard_similarity(merge_parts(row), merge_parts(other_row))
    assert whole >= min(jaccard_similarity(part, other) for part, other in pairs) - 1e-9
