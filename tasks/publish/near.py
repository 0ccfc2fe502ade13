"""Which sets are alike: rensa's MinHash bands say which pairs to look at, the exact Jaccard similarity decides."""

from collections.abc import Iterable, Iterator, Sequence

from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]

from tasks.publish.normalised import Grams

HASHES = 256
MISSED = 1e-6
"""Probability, at most, with which a pair that is exactly as alike as asked for is never looked at."""
FEW = 64
"""Up to this many sets every pair is looked at."""
_SEED = 1


def band_rows(least: float) -> int:
    """Hashes per band: the most with which a pair of similarity `least` shares a band but for MISSED.

    A band of r hashes is the same for two sets of similarity s with probability s^r; of HASHES // r bands one suffices.
    """
    for rows in range(HASHES, 1, -1):
        if HASHES % rows == 0 and (1 - least**rows) ** (HASHES // rows) <= MISSED:
            return rows
    return 1


def jaccard(one: Grams, other: Grams) -> float:
    """Shared share of two sets; two empty ones are the same."""
    if not len(one) or not len(other):
        return float(len(one) == len(other))
    shared = len(set(one.tolist()).intersection(other.tolist()))
    return shared / (len(one) + len(other) - shared)


def alike(one: Grams, other: Grams, least: float) -> bool:
    """Whether the similarity is `least` or more; what the sizes rule out is not counted."""
    small, large = sorted((len(one), len(other)))
    return small >= least * large and jaccard(one, other) >= least


def candidates(sets: Sequence[Grams], least: float) -> Iterator[tuple[int, list[int]]]:
    """For each set but the first, in order, the earlier ones that may be of similarity `least` or more."""
    if len(sets) <= FEW:
        yield from ((i, list(range(i))) for i in range(1, len(sets)))
        return
    hashes = RMinHash.from_token_sets(map(_tokens, sets), HASHES, _SEED)
    index = RMinHashLSH(least, HASHES, HASHES // band_rows(least))
    for i, one in enumerate(hashes):
        if found := index.query(one):
            yield i, found
        index.insert(i, one)


def clusters(sets: Sequence[Grams], least: float, joined: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Sets that are alike, or alike by way of others.

    Args:
        least: Jaccard similarity from which two sets are alike, in (0, 1].
        joined: pairs that belong together whatever they are like.

    Returns:
        For each set the smallest index of its cluster.
    """
    above = list(range(len(sets)))

    def root(i: int) -> int:
        while above[i] != i:
            above[i] = i = above[above[i]]
        return i

    def join(i: int, j: int) -> None:
        first, last = sorted((root(i), root(j)))
        above[last] = first

    for i, j in joined:
        join(i, j)
    firsts: dict[bytes, int] = {}
    for i, one in enumerate(sets):
        join(firsts.setdefault(one.tobytes(), i), i)
    own = list(firsts.values())  # equal sets would only be compared with one another again and again
    for i, earlier in candidates([sets[i] for i in own], least):
        for j in earlier:
            if root(own[i]) != root(own[j]) and alike(sets[own[i]], sets[own[j]], least):
                join(own[i], own[j])
    return [root(i) for i in range(len(sets))]


def _tokens(one: Grams) -> list[bytes]:
    raw = one.tobytes()
    return [raw[i : i + 8] for i in range(0, len(raw), 8)]
