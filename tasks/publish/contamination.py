"""Whether an example tells a benchmark's task, or holds its solution: shares of the benchmark's own n-grams."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.normalised import Grams, blind, code_tokens, grams, prompt_words, up_to

Shares = NDArray[np.float64]
"""(N,) share of each of N items, in [0, 1]."""
LEAST_GRAMS = 20
"""A solution with fewer n-grams counts as if it had so many: `return a + b` is nobody's."""


@dataclass(frozen=True)
class Overlap:
    """What an example has of one benchmark item."""

    item: BenchmarkItem
    prompt: float
    """Share of the item's prompt, by weight, in [0, 1]."""
    code: float
    """Share of the item's solution that stands in one program, in [0, 1]."""
    score: float
    """prompt / prompt_overlap + code / code_overlap: from 1 on it counts as the same task."""

    @property
    def detail(self) -> str:
        """What matched, and how much of it."""
        return (
            f"{self.item.benchmark} {self.item.item_id}: {self.prompt:.2f} of its prompt, {self.code:.2f} of its "
            f"solution, score {self.score:.2f}"
        )


class Detector:
    """Benchmarks, ready to be looked for; what one example is found to hold depends on no other example."""

    def __init__(
        self,
        items: Sequence[BenchmarkItem],
        prompt_ngram: int,
        prompt_overlap: float,
        code_ngram: int,
        code_overlap: float,
    ) -> None:
        """Index the items.

        A prompt is its words and runs of up to `prompt_ngram` of them, each weighed by the square of its inverse
        document frequency among the items, log((N + 1) / df)^2: what every task says says nothing. A program is its
        runs of `code_ngram` tokens, names left out, unweighed.
        """
        self._items = list(items)
        self._limits = prompt_overlap, code_overlap
        self._sizes = prompt_ngram, code_ngram
        prompts = [up_to(prompt_words(item.prompt), prompt_ngram).tolist() for item in self._items]
        codes = [grams(blind(code_tokens(item.code)), code_ngram).tolist() if item.code else [] for item in self._items]
        among = Counter(gram for own in prompts for gram in own)
        weights = {gram: log((len(prompts) + 1) / count) ** 2 for gram, count in among.items()}
        self._prompts = _Index(prompts, weights, [sum(weights[gram] for gram in own) for own in prompts])
        self._codes = _Index(codes, {}, [max(len(own), LEAST_GRAMS) for own in codes])

    def of_prompt(self, prompt: str) -> Shares:
        """Shares of the items' prompts that a prompt holds."""
        return self._prompts.shares(up_to(prompt_words(prompt), self._sizes[0]))

    def of_code(self, tokens: tuple[str, ...]) -> dict[int, float]:
        """Shares of the items' solutions that a program holds, given as its tokens: most are 0, and left out."""
        shares = self._codes.shares(grams(blind(tokens), self._sizes[1]))
        return {int(number): float(shares[number]) for number in shares.nonzero()[0]}

    def worst(self, prompt: Shares, codes: Iterable[dict[int, float]]) -> Overlap | None:
        """The item that a prompt and programs hold most of; of several, the first. None where they hold nothing."""
        code = np.zeros(len(self._items))
        for shares in codes:
            for number, share in shares.items():
                code[number] = max(share, code[number])
        scores = np.round(prompt / self._limits[0] + code / self._limits[1], 9)
        if not scores.any():
            return None
        number = int(scores.argmax())
        return Overlap(self._items[number], float(prompt[number]), float(code[number]), float(scores[number]))


class _Index:
    """Which items hold an n-gram."""

    def __init__(self, held: list[list[int]], weights: dict[int, float], totals: Sequence[float]) -> None:
        self._weights, self._totals = weights, np.array(totals, dtype=np.float64)
        holders: dict[int, list[int]] = defaultdict(list)
        for number, own in enumerate(held):
            for gram in own:
                holders[gram].append(number)
        self._holders = {gram: np.array(numbers) for gram, numbers in holders.items()}

    def shares(self, asked: Grams) -> Shares:
        known = [gram for gram in asked.tolist() if gram in self._holders]
        if not known:
            return np.zeros(len(self._totals))
        numbers = [self._holders[gram] for gram in known]
        weights = np.repeat([self._weights.get(gram, 1.0) for gram in known], [len(some) for some in numbers])
        shared = np.bincount(np.concatenate(numbers), weights, len(self._totals))
        return np.divide(shared, self._totals, out=np.zeros(len(shared)), where=shared > 0)
