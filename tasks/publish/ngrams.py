"""Hashed n-grams of token sequences: the sets by which programs and prompts are compared."""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Ngrams = NDArray[np.uint64]
"""(N,) hashes of distinct n-grams, ascending; the same on every machine."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def hash_ngrams(tokens: tuple[str, ...], size: int) -> Ngrams:
    """Hash every run of `size` tokens; a shorter sequence is one run, an empty one has none."""
    hashes = np.fromiter(map(_hash_token, tokens), np.uint64, len(tokens))
    run = min(size, len(hashes))
    if not run:
        return hashes
    ngrams = hashes[: len(hashes) - run + 1].copy()
    for offset in range(1, run):
        ngrams = ngrams * _FACTOR + hashes[offset : len(hashes) - run + 1 + offset]
    return np.unique(ngrams)


def hash_ngrams_up_to(tokens: tuple[str, ...], size: int) -> Ngrams:
    """Hash every run of 1 to `size` tokens."""
    return np.unique(np.concatenate([hash_ngrams(tokens, run) for run in range(1, size + 1)]))


@lru_cache(1 << 16)
def _hash_token(token: str) -> int:
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
