"""Group problems into families, and assign each family to a split."""

from collections.abc import Iterable, Mapping

from storage.ids import content_id
from storage.publication import SPLITS, Split
from tasks.publish.ngrams import hash_ngrams_up_to
from tasks.publish.prompt_words import extract_words
from tasks.publish.similarity import cluster_sets


def group_families(
    prompts: Mapping[str, str], shared_pairs: Iterable[tuple[str, str]], threshold: float, size: int, seed: int
) -> dict[str, str]:
    """Group problems that are near-duplicates of one another, directly or by way of others.

    Args:
        prompts: by problem_id.
        shared_pairs: pairs of problem ids that belong together for another reason, such as a shared program.
        threshold: Jaccard similarity of two prompts' runs of up to `size` words, from which they are one family.
        size: length of the longest run of words.
        seed: another seed assigns all families anew.

    Returns:
        problem_id -> family_id. It is the smallest of the members' addresses, each a hash of a prompt's words and the
        seed. So it depends neither on the order of problems nor on their tests, context or origin.
    """
    ids = sorted(prompts)
    index_of = {problem_id: index for index, problem_id in enumerate(ids)}
    words_of = [extract_words(prompts[problem_id]) for problem_id in ids]
    joined_pairs = [(index_of[problem_id], index_of[other]) for problem_id, other in shared_pairs]
    clusters = cluster_sets([hash_ngrams_up_to(words, size) for words in words_of], threshold, joined_pairs)
    family_ids: dict[int, str] = {}
    for cluster, words in zip(clusters, words_of, strict=True):
        address = content_id("family", words=words, seed=seed)
        family_ids[cluster] = min(address, family_ids.get(cluster, address))
    return {problem_id: family_ids[cluster] for problem_id, cluster in zip(ids, clusters, strict=True)}


def assign_split(family_id: str, shares: Mapping[Split, float]) -> Split:
    """Return the split of a family: its id, read as a number in [0, 1), against the shares, train first.

    A problem without near-duplicates falls into each split with the probability of that split's share. A family's id
    is the smallest of its members', so larger families are more likely to be in train. *Added* problems can only make
    an id smaller: what was once in train stays in train.

    A family of validation or test can still move towards train: when a near-duplicate with a smaller id is added, or
    one that joins it to such a family. Any family can move when its member with the smallest id is removed or its
    words change, or when `seed`, shares or thresholds change.
    """
    position, upper_bound = int(family_id[:12], 16) / 16**12, 0.0
    for split in SPLITS[:-1]:
        upper_bound += shares[split]
        if position < upper_bound:
            return split
    return SPLITS[-1]
