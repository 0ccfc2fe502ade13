"""Families of problems, and the split that each of them stands in."""

from collections.abc import Iterable, Mapping

from storage.ids import content_id
from storage.publication import SPLITS, Split
from tasks.publish.near import clusters
from tasks.publish.normalised import prompt_words, up_to


def families(
    prompts: Mapping[str, str], shared: Iterable[tuple[str, str]], least: float, size: int, seed: int
) -> dict[str, str]:
    """Group problems that are near-duplicates of one another, also by way of others.

    Args:
        prompts: by problem_id.
        shared: pairs of problem ids that belong together for another reason (they share a program).
        least: Jaccard similarity of two prompts' runs of up to `size` words, from which they are one family.
        seed: another one deals all families anew.

    Returns:
        problem_id -> family_id: the smallest of its members' addresses, which are hashes of a prompt's words and the
        seed; so it does not depend on order, and not on a problem's tests, context or origin.
    """
    ids = sorted(prompts)
    place = {problem_id: i for i, problem_id in enumerate(ids)}
    words = [prompt_words(prompts[problem_id]) for problem_id in ids]
    joined = [(place[one], place[other]) for one, other in shared]
    found = clusters([up_to(each, size) for each in words], least, joined)
    smallest: dict[int, str] = {}
    for cluster, each in zip(found, words, strict=True):
        address = content_id("family", words=each, seed=seed)
        smallest[cluster] = min(address, smallest.get(cluster, address))
    return {problem_id: smallest[cluster] for problem_id, cluster in zip(ids, found, strict=True)}


def split_of(family_id: str, shares: Mapping[Split, float]) -> Split:
    """The split of a family: its id, read as a number in [0, 1), against the shares, train first.

    A problem that has no near-duplicates falls into each split with that split's share. A family's id is the smallest
    of its members', so the more members, the likelier it is train; and when problems are *added*, an id can only become
    smaller. So what was once in train stays there. What can still move: a family of validation or test, towards train,
    when a near-duplicate comes that has a smaller id, or one that joins it to such a family; any family, when its
    member with the smallest id is taken away, its words are changed, or `seed`, shares or thresholds are.
    """
    at, below = int(family_id[:12], 16) / 16**12, 0.0
    for split in SPLITS[:-1]:
        below += shares[split]
        if at < below:
            return split
    return SPLITS[-1]
