"""Find the duplicates among examples: rows with the same prompt and the same programs, or nearly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.publish.examples import DroppedExample, Example, drop_example
from tasks.publish.ngrams import Ngrams, hash_ngrams_up_to
from tasks.publish.prompt_words import extract_words
from tasks.publish.similarity import is_similar, jaccard_similarity, propose_pairs

PROMPT_RUN, CODE_RUN = 2, 5
"""Longest run of words, and run of tokens, by which prompts and programs are compared with one another."""
PART_FACTOR = 0x9E3779B97F4A7C15
"""Odd and with all bits mixed, so that the marks of neighbouring parts are far apart."""


@dataclass(frozen=True)
class ComparedProgram:
    """A program, prepared for comparison."""

    digest: bytes
    """Hash of its tokens."""
    tokens: int
    ngrams: Ngrams
    benchmark_shares: dict[int, float]
    """Shares of the benchmarks' solutions that it holds, by number of the item."""


def find_duplicates(
    rows: Sequence[Example], programs: Mapping[str, ComparedProgram], threshold: float
) -> Iterator[DroppedExample]:
    """Yield the rows that repeat an earlier one which stays: `duplicate` or `near_duplicate`.

    Args:
        rows: rows of one family, in the order of their ids.
        programs: by code.
        threshold: Jaccard similarity that prompts and every pair of programs must reach.
    """
    first_rows: dict[tuple[object, ...], Example] = {}
    distinct: list[Example] = []
    for row in rows:
        key = (extract_words(row.prompt), *(programs[code].digest for code in row.codes))
        first = first_rows.setdefault(key, row)
        if first is row:
            distinct.append(row)
        else:
            yield drop_example(row, "duplicate", f"of {first.example_id}")
    prompts = {prompt: hash_ngrams_up_to(extract_words(prompt), PROMPT_RUN) for prompt in {r.prompt for r in distinct}}
    parts_of = [[prompts[row.prompt], *(programs[code].ngrams for code in row.codes)] for row in distinct]
    dropped: set[int] = set()
    for index, earlier in propose_pairs([merge_parts(parts) for parts in parts_of], threshold):
        for other in sorted(earlier):
            if other in dropped or len(parts_of[index]) != len(parts_of[other]):
                continue
            pairs = list(zip(parts_of[index], parts_of[other], strict=True))
            if all(is_similar(part, other_part, threshold) for part, other_part in pairs):
                dropped.add(index)
                similarity = min(jaccard_similarity(part, other_part) for part, other_part in pairs)
                detail = f"of {distinct[other].example_id}, similarity {similarity:.3f}"
                yield drop_example(distinct[index], "near_duplicate", detail)
                break


def merge_parts(parts: Sequence[Ngrams]) -> Ngrams:
    """Merge the parts of a row into one set, with each n-gram marked by the place of its part.

    Where all parts of two rows reach some Jaccard similarity, so do the merged sets, unless two n-grams of different
    parts get the same mark.
    """
    marked = [part ^ np.uint64(place * PART_FACTOR % 2**64) for place, part in enumerate(parts)]
    return np.unique(np.concatenate(marked))
