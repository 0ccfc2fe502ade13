"""Detect benchmark tasks in examples: shares of a benchmark's own n-grams that prompts and programs hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.code_tokens import tokenize_code, unify_names
from tasks.publish.ngrams import Ngrams, hash_ngrams, hash_ngrams_up_to
from tasks.publish.prompt_words import extract_words

Shares = NDArray[np.float64]
"""(N,) share of each of N items, in [0, 1]."""
MIN_SOLUTION_NGRAMS = 20
"""A solution with fewer n-grams counts as if it had this many: too many programs hold `return a + b`."""


@dataclass(frozen=True)
class Overlap:
    """The part of one benchmark item that a problem holds."""

    item: BenchmarkItem
    prompt: float
    """Share of the item's prompt, by weight, in [0, 1]."""
    code: float
    """Share of the item's solution that stands in one program, in [0, 1]."""
    score: float
    """prompt / prompt_overlap + code / code_overlap: from 1 on it counts as the same task."""

    @property
    def detail(self) -> str:
        """The item and the shares, for the column `drops.detail`."""
        return (
            f"{self.item.benchmark} {self.item.item_id}: {self.prompt:.2f} of its prompt, {self.code:.2f} of its "
            f"solution, score {self.score:.2f}"
        )


class ContaminationDetector:
    """Indexes benchmark items; the result for an example depends on no other example."""

    def __init__(
        self,
        items: Sequence[BenchmarkItem],
        prompt_ngram: int,
        prompt_overlap: float,
        code_ngram: int,
        code_overlap: float,
    ) -> None:
        """Index the items.

        A prompt is its words and runs of up to `prompt_ngram` of them. Each is weighed by the square of its inverse
        document frequency among the items, log((N + 1) / df)^2, so phrases of every task weigh little. A program is its
        runs of `code_ngram` tokens, unweighed, with names left out.
        """
        self._items = list(items)
        self._limits = prompt_overlap, code_overlap
        self._sizes = prompt_ngram, code_ngram
        prompts = [hash_ngrams_up_to(extract_words(item.prompt), prompt_ngram).tolist() for item in self._items]
        codes = [_hash_code(tokenize_code(item.code), code_ngram).tolist() if item.code else [] for item in self._items]
        frequency = Counter(ngram for ngrams in prompts for ngram in ngrams)
        weights = {ngram: log((len(prompts) + 1) / count) ** 2 for ngram, count in frequency.items()}
        self._prompts = _NgramIndex(prompts, weights, [sum(weights[ngram] for ngram in ngrams) for ngrams in prompts])
        self._codes = _NgramIndex(codes, {}, [max(len(ngrams), MIN_SOLUTION_NGRAMS) for ngrams in codes])

    def prompt_shares(self, prompt: str) -> Shares:
        """Return the share of every item's prompt that a prompt holds."""
        return self._prompts.shares(hash_ngrams_up_to(extract_words(prompt), self._sizes[0]))

    def code_shares(self, tokens: tuple[str, ...]) -> dict[int, float]:
        """Return the share of items' solutions that a program holds, by number of the item, without the zeros.

        Args:
            tokens: of the program, from `tokenize_code`.
        """
        shares = self._codes.shares(_hash_code(tokens, self._sizes[1]))
        return {int(number): float(shares[number]) for number in shares.nonzero()[0]}

    def largest_overlap(self, prompt: Shares, codes: Iterable[dict[int, float]]) -> Overlap | None:
        """Return the item of which a prompt and programs hold most, the first of several; None without any overlap."""
        code = np.zeros(len(self._items))
        for shares in codes:
            for number, share in shares.items():
                code[number] = max(share, code[number])
        scores = np.round(prompt / self._limits[0] + code / self._limits[1], 9)
        if not scores.any():
            return None
        number = int(scores.argmax())
        return Overlap(self._items[number], float(prompt[number]), float(code[number]), float(scores[number]))


class _NgramIndex:
    """Which items hold an n-gram."""

    def __init__(self, ngrams_of: list[list[int]], weights: dict[int, float], totals: Sequence[float]) -> None:
        self._weights, self._totals = weights, np.array(totals, dtype=np.float64)
        holders: dict[int, list[int]] = defaultdict(list)
        for number, ngrams in enumerate(ngrams_of):
            for ngram in ngrams:
                holders[ngram].append(number)
        self._holders = {ngram: np.array(numbers) for ngram, numbers in holders.items()}

    def shares(self, ngrams: Ngrams) -> Shares:
        """Return the share of every item, by weight, that a set of n-grams holds."""
        indexed = [ngram for ngram in ngrams.tolist() if ngram in self._holders]
        if not indexed:
            return np.zeros(len(self._totals))
        numbers = [self._holders[ngram] for ngram in indexed]
        weights = np.repeat([self._weights.get(ngram, 1.0) for ngram in indexed], [len(holders) for holders in numbers])
        shared = np.bincount(np.concatenate(numbers), weights, len(self._totals))
        return np.divide(shared, self._totals, out=np.zeros(len(shared)), where=shared > 0)


def _hash_code(tokens: tuple[str, ...], size: int) -> Ngrams:
    return hash_ngrams(unify_names(tokens), size)
