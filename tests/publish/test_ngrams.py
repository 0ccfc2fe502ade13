"""Hashed n-grams of token sequences."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.publish.ngrams import hash_ngrams, hash_ngrams_up_to


@given(st.lists(st.sampled_from("abcd"), max_size=12).map(tuple), st.integers(1, 6))
def test_every_distinct_run_of_tokens_has_one_hash_in_ascending_order(tokens: tuple[str, ...], size: int) -> None:
    run = min(size, len(tokens))
    runs = {tokens[start : start + run] for start in range(len(tokens) - run + 1)} if tokens else set()
    hashes = hash_ngrams(tokens, size)
    assert len(hashes) == len(runs) and (np.diff(hashes.astype(object)) > 0).all()


def test_hashes_are_the_same_in_every_process() -> None:
    assert [hex(ngram) for ngram in hash_ngrams(("a", "b"), 2).tolist()] == ["0xf442460e208bcfc4"]


def test_runs_of_up_to_two_words_are_words_and_pairs() -> None:
    assert len(hash_ngrams_up_to(("a", "b", "c"), 2)) == 5
