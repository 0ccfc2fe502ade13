"""Find similar sets: rensa's MinHash bands propose pairs, the exact Jaccard similarity decides."""

from collections.abc import Iterable, Iterator, Sequence

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]

from tasks.publish.ngrams import Ngrams

HASHES = 256
"""MinHash values per set."""
MISS_PROBABILITY = 1e-6
"""Largest probability that a pair exactly at the threshold is not proposed."""
EXHAUSTIVE_SETS = 64
"""Up to this many sets, every pair is proposed."""
_SEED = 1


def rows_per_band(threshold: float) -> int:
    """Return the largest number of hashes per band that keeps MISS_PROBABILITY for pairs at the threshold.

    Two sets of similarity s agree in a band of r hashes with probability s^r; one of HASHES // r bands suffices.
    """
    for rows in range(HASHES, 1, -1):
        if HASHES % rows == 0 and (1 - threshold**rows) ** (HASHES // rows) <= MISS_PROBABILITY:
            return rows
    return 1


def jaccard_similarity(ngrams: Ngrams, other: Ngrams) -> float:
    """Return the size of the intersection over that of the union; 1 for two empty sets."""
    if not len(ngrams) or not len(other):
        return float(len(ngrams) == len(other))
    shared = len(set(ngrams.tolist()).intersection(other.tolist()))
    return shared / (len(ngrams) + len(other) - shared)


def is_similar(ngrams: Ngrams, other: Ngrams, threshold: float) -> bool:
    """Tell whether the similarity reaches the threshold; nothing is counted where the sizes rule it out."""
    smaller, larger = sorted((len(ngrams), len(other)))
    return smaller >= threshold * larger and jaccard_similarity(ngrams, other) >= threshold


def propose_pairs(sets: Sequence[Ngrams], threshold: float) -> Iterator[tuple[int, list[int]]]:
    """Yield the index of each set but the first, in order, with the earlier sets that may be similar to it."""
    if len(sets) <= EXHAUSTIVE_SETS:
        yield from ((index, list(range(index))) for index in range(1, len(sets)))
        return
    hashes = RMinHash.from_token_sets(map(_to_tokens, sets), HASHES, _SEED)
    bands = RMinHashLSH(threshold, HASHES, HASHES // rows_per_band(threshold))
    for index, min_hash in enumerate(hashes):
        if earlier := bands.query(min_hash):
            yield index, earlier
        bands.insert(index, min_hash)


def cluster_sets(sets: Sequence[Ngrams], threshold: float, joined_pairs: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Group sets that are similar, directly or by way of others.

    Args:
        sets: the sets to group.
        threshold: Jaccard similarity from which two sets are similar, in (0, 1].
        joined_pairs: pairs that belong to one group whatever their similarity.

    Returns:
        For each set the smallest index of its group.
    """
    parents = list(range(len(sets)))

    def find_root(index: int) -> int:
        while parents[index] != index:
            parents[index] = index = parents[parents[index]]
        return index

    def join(index: int, other: int) -> None:
        first, last = sorted((find_root(index), find_root(other)))
        parents[last] = first

    for index, other in joined_pairs:
        join(index, other)
    first_index: dict[bytes, int] = {}
    for index, ngrams in enumerate(sets):
        join(first_index.setdefault(ngrams.tobytes(), index), index)
    distinct = list(first_index.values())  # equal sets would propose the same pairs again and again
    for later, earlier in propose_pairs([sets[index] for index in distinct], threshold):
        index = distinct[later]
        for other in (distinct[place] for place in earlier):
            if find_root(index) != find_root(other) and is_similar(sets[index], sets[other], threshold):
                join(index, other)
    return [find_root(index) for index in range(len(sets))]


def _to_tokens(ngrams: Ngrams) -> list[bytes]:
    """Return each hash as the eight bytes that rensa takes for a token."""
    raw = ngrams.tobytes()
    return [raw[start : start + 8] for start in range(0, len(raw), 8)]
