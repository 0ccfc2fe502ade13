"""Simulate where self-validation beats counting and where it fails, with known truth: prints one JSON line.

    .venv/bin/python -m bench.simulation [--problems 400] [--plot docs/self-validation.svg]

The world: a program is right, or wrong in the one way that is common to its problem, or wrong in a way of its own. A
way of being wrong errs on a share of all inputs, drawn uniformly from 0.2 to 1 for each way. All programs that are
wrong in the common way give the same wrong answers. A test expects an answer for one input: the right one, or a wrong
one of its own, or that of the common way of being wrong. So a right test is passed by programs that do not err on its
input, and a wrong one by programs that give its wrong answer, which also happens by chance. Last, some verdicts are
inverted.

Each scenario varies one thing. Rankers are compared in two ways. One is Spearman's correlation with the share of 100
right tests that a program passes: the mean over problems whose programs differ in it, 0 where the ranker is constant.
The other pairs the best with the worst program, and counts how many of the best are right; problems on which the ranker
is constant do not count.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from bench.contender import PEERS, environment
from tasks.score.agreement import measure_agreement, measure_picks
from tasks.score.rankers import Bools, Floats, score_at_random, score_by_pass_all, score_by_passed_count
from tasks.score.validation import run_self_validation

PROGRAMS = TESTS = 15
HIDDEN = 100
DAMPING, ROUNDS = 0.85, 10
DAMPINGS = (0.5, 0.7, 0.85, 0.95, 0.99)
ROUNDS_TO_LIMIT = 1000  # no score changes after so many


@dataclass(frozen=True)
class World:
    """The probabilities by which programs, tests and verdicts are drawn."""

    right: float = 0.4
    """That a program is right."""
    common: float = 0.0
    """That a wrong program is wrong in the common way."""
    tests_right: float = 0.5
    """That a test is right."""
    tests_common: float = 0.0
    """That a wrong test expects the answer of the common way of being wrong."""
    chance: float = 0.05
    """That a program which errs on the input of a wrong test gives the answer that the test expects."""
    flipped: float = 0.02
    """That a verdict is inverted."""


SCENARIOS: dict[str, tuple[str, World, str, tuple[float, ...]]] = {
    "wrong_tests": (
        "Wrong tests, each wrong by itself",
        World(), "tests_right", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    ),
    "wrong_programs": (
        "Wrong programs, each in its own way",
        World(), "right", (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    ),
    "alike": (
        "80 % wrong, more and more in one way",
        World(right=0.2), "common", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    ),
    "confused_tests": (
        "70 % wrong, 4 of 5 in one way, tests too",
        World(right=0.3, common=0.8), "tests_common", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    ),
}  # fmt: skip
"""Title, world, the probability that is varied, and its values."""
HARD = World(right=0.3, common=0.8, tests_common=0.3)
"""The world of the last scenario in which self-validation has lost half of its correlation."""


@dataclass(frozen=True)
class Draw:
    """The problems drawn in one world."""

    passes: list[Bools]
    """(A, T) each: the verdicts."""
    accuracy: list[Floats]
    """(A,) each: share of the hidden right tests that a program passes."""
    right: list[Bools]
    """(A,) each: whether a program is right."""


def draw_problems(world: World, problems: int, seed: int) -> Draw:
    """Draw problems of a world; the first TESTS inputs are those of the tests, the others the hidden ones."""
    rng = np.random.default_rng(seed)

    def happens(probability: Any, *shape: int) -> Bools:
        outcomes: Bools = rng.random((problems, *shape)) < probability
        return outcomes

    right = happens(world.right, PROGRAMS)
    common = ~right & happens(world.common, PROGRAMS)
    test_right = happens(world.tests_right, TESTS)
    test_common = ~test_right & happens(world.tests_common, TESTS)
    errs_own = happens(rng.uniform(0.2, 1, (problems, PROGRAMS, 1)), PROGRAMS, TESTS + HIDDEN)
    errs_common = happens(rng.uniform(0.2, 1, (problems, 1)), TESTS + HIDDEN)
    errs_common[:, :TESTS] |= test_common  # such a test asks for an input on which the common way errs
    errs = np.where(common[:, :, None], errs_common[:, None], errs_own) & ~right[:, :, None]
    agrees_common = happens(world.chance, TESTS) | test_common
    agrees = np.where(common[:, :, None], agrees_common[:, None], happens(world.chance, PROGRAMS, TESTS))
    errs_seen = errs[:, :, :TESTS]
    passes = np.where(test_right[:, None], ~errs_seen, errs_seen & agrees) ^ happens(world.flipped, PROGRAMS, TESTS)
    return Draw(list(passes), list(1 - errs[:, :, TESTS:].mean(axis=2)), list(right))


def score_by_self_validation(passes: list[Bools], damping: float = DAMPING, rounds: int = ROUNDS) -> list[Floats]:
    return [result.programs for result in run_self_validation(passes, damping, rounds)]


def compare_rankers(world: World, problems: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Return the figures of every ranker in one world."""
    draw = draw_problems(world, problems, seed)
    scores_by_ranker = {
        "self_validation": score_by_self_validation(draw.passes),
        "passed_count": [score_by_passed_count(block) for block in draw.passes],
        "pass_all": [score_by_pass_all(block) for block in draw.passes],
        "random": [score_at_random([f"{problem}-{i}" for i in range(PROGRAMS)]) for problem in range(problems)],
    }
    figures: dict[str, dict[str, float | None]] = {}
    for name, scores in scores_by_ranker.items():
        picks = measure_picks(scores, draw.right)
        figures[name] = {
            "spearman": measure_agreement(scores, draw.accuracy, "spearman").silent_as_zero,
            "pairs": picks.pairs / problems,
            "chosen_right": picks.chosen_right,
        }
    return figures


def compare_dampings(world: World, problems: int, seed: int) -> dict[str, Any]:
    """Return the effect of d and of the number of rounds in one world.

    `usual` has the paper's values; `limit` is the result to which self-validation converges.
    """
    draw = draw_problems(world, problems, seed)
    usual = score_by_self_validation(draw.passes)
    limit = score_by_self_validation(draw.passes, DAMPING, ROUNDS_TO_LIMIT)
    counts = [score_by_passed_count(block) for block in draw.passes]

    def compare(scores: list[Floats]) -> dict[str, Any]:
        return {
            "spearman_with_usual": measure_agreement(scores, usual, "spearman").left_out,
            "spearman_with_limit": measure_agreement(scores, limit, "spearman").left_out,
            "same_best": fmean(int(a.argmax() == b.argmax()) for a, b in zip(scores, usual, strict=True)),
            "spearman_with_truth": measure_agreement(scores, draw.accuracy, "spearman").silent_as_zero,
        }

    change = np.array([result.change for result in run_self_validation(draw.passes, DAMPING, 30)])
    return {
        "world": world.__dict__,
        "damping": {str(d): compare(score_by_self_validation(draw.passes, d)) for d in DAMPINGS},
        "limit": compare(limit),
        "passed_count": compare(counts),
        "change": {
            "rounds": [1, 2, 3, 5, 10, 20, 30],
            "median": np.median(change, axis=0)[[0, 1, 2, 4, 9, 19, 29]].tolist(),
            "worst_of_100": np.quantile(change, 0.99, axis=0)[[0, 1, 2, 4, 9, 19, 29]].tolist(),
        },
    }


def round_floats(value: Any) -> Any:
    """Round the floats of a nested report to four significant digits."""
    if isinstance(value, dict):
        return {name: round_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [round_floats(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Print the report, and plot it where the command line asks for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=400, help="per point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="an SVG or PNG to write, by matplotlib in an environment of its own")
    arguments = parser.parse_args()
    if arguments.problems < 1:
        parser.error("expected at least one problem per point")
    python = environment("matplotlib") if arguments.plot else None
    scenarios = {}
    for name, (title, world, varied, values) in SCENARIOS.items():
        print(f"{name}: {varied} from {values[0]} to {values[-1]}", file=sys.stderr)
        worlds = [replace(world, **{varied: value}) for value in values]
        points = [compare_rankers(each, arguments.problems, arguments.seed) for each in worlds]
        scenarios[name] = {
            "title": title,
            "world": world.__dict__,
            "varied": varied,
            "values": values,
            "points": points,
        }
    report = {
        "problems_per_point": arguments.problems,
        "seed": arguments.seed,
        "scenarios": scenarios,
        "dampings": [compare_dampings(world, arguments.problems, arguments.seed) for world in (World(), HARD)],
    }
    line = json.dumps(round_floats(report))
    if python is not None:
        command = [str(python), str(PEERS / "plot_simulation.py"), str(arguments.plot)]
        subprocess.run(command, input=line, text=True, check=True)
    print(line)


if __name__ == "__main__":
    main()
