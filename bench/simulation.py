"""Where self-validation beats counting and where it fails, on programs and tests of known truth: prints one JSON line.

    .venv/bin/python -m bench.simulation [--problems 400] [--plot docs/self-validation.svg]

The world: a program is right, or wrong in the one way that is common to its problem, or wrong in a way of its own. A
way of being wrong errs on a share of all inputs, drawn uniformly from 0.2 to 1 for each way; what the common way
answers is the same wrong thing for all who take it. A test asks for the answer on one input: the right one, or a wrong
one of its own, or what the common way of being wrong answers there. So a right test is passed by whoever doesn't err on
its input, a wrong one by whoever gives that wrong answer, which happens by chance too. Last, some verdicts come out the
other way.

Each scenario varies one thing. Rankers are compared by Spearman's correlation with the share of 100 right tests that a
program passes (mean over problems that tell programs apart; 0 where the ranker is constant), and by how many of the
best are right when the best is taken against the worst (only problems where the ranker tells them apart).
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
from numpy.typing import NDArray

from bench.contender import PEERS, environment
from tasks.score.agreement import agreement, picks
from tasks.score.rankers import pass_all, passed_count, random
from tasks.score.validation import Bools, Floats, self_validation

PROGRAMS = TESTS = 15
HIDDEN = 100
DAMPING, ROUNDS = 0.85, 10
DAMPINGS = (0.5, 0.7, 0.85, 0.95, 0.99)
SETTLED = 1000  # rounds after which nothing moves


@dataclass(frozen=True)
class World:
    """How programs and tests come about; all are probabilities."""

    right: float = 0.4
    """That a program is right."""
    common: float = 0.0
    """That a wrong program is wrong in the common way."""
    tests_right: float = 0.5
    """That a test is right."""
    tests_common: float = 0.0
    """That a wrong test asks for what the common way of being wrong answers."""
    chance: float = 0.05
    """That a program which errs on the input of a wrong test gives the very answer which that test asks for."""
    flipped: float = 0.02
    """That a verdict comes out the other way."""


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
"""Title, world, what is varied, and its values."""
HARD = World(right=0.3, common=0.8, tests_common=0.3)
"""The world of the last scenario where self-validation has lost half of what it knew."""


@dataclass(frozen=True)
class Drawn:
    """Problems of one world."""

    passes: list[Bools]
    """(A, T) each."""
    accuracy: list[Floats]
    """(A,) each: share of the hidden right tests that a program passes."""
    right: list[Bools]
    """(A,) each."""


def drawn(world: World, problems: int, seed: int) -> Drawn:
    """Problems of a world; the first TESTS inputs are those of the tests, the others the hidden ones."""
    rng = np.random.default_rng(seed)

    def share(probability: Any, *shape: int) -> NDArray[np.bool_]:
        happens: NDArray[np.bool_] = rng.random((problems, *shape)) < probability
        return happens

    right = share(world.right, PROGRAMS)
    common = ~right & share(world.common, PROGRAMS)
    test_right = share(world.tests_right, TESTS)
    test_common = ~test_right & share(world.tests_common, TESTS)
    errs_own = share(rng.uniform(0.2, 1, (problems, PROGRAMS, 1)), PROGRAMS, TESTS + HIDDEN)
    errs_common = share(rng.uniform(0.2, 1, (problems, 1)), TESTS + HIDDEN)
    errs_common[:, :TESTS] |= test_common  # such a test stands where the common way errs
    errs = np.where(common[:, :, None], errs_common[:, None], errs_own) & ~right[:, :, None]
    agrees_common = share(world.chance, TESTS) | test_common
    agrees = np.where(common[:, :, None], agrees_common[:, None], share(world.chance, PROGRAMS, TESTS))
    errs_seen = errs[:, :, :TESTS]
    passes = np.where(test_right[:, None], ~errs_seen, errs_seen & agrees) ^ share(world.flipped, PROGRAMS, TESTS)
    return Drawn(list(passes), list(1 - errs[:, :, TESTS:].mean(axis=2)), list(right))


def validated(passes: list[Bools], damping: float = DAMPING, rounds: int = ROUNDS) -> list[Floats]:
    return [found.programs for found in self_validation(passes, damping, rounds)]


def point(world: World, problems: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Every ranker in one world."""
    made = drawn(world, problems, seed)
    rankings = {
        "self_validation": validated(made.passes),
        "passed_count": [passed_count(block) for block in made.passes],
        "pass_all": [pass_all(block) for block in made.passes],
        "random": [random([f"{problem}-{i}" for i in range(PROGRAMS)]) for problem in range(problems)],
    }
    found = {}
    for name, scores in rankings.items():
        taken = picks(scores, made.right)
        found[name] = {
            "spearman": agreement(scores, made.accuracy, "spearman").silent_as_zero,
            "pairs": taken.pairs / problems,
            "chosen_right": taken.chosen_right,
        }
    return found


def dampings(world: World, problems: int, seed: int) -> dict[str, Any]:
    """What d and the number of rounds do in one world; `usual` is that of the paper, `limit` what it converges to."""
    made = drawn(world, problems, seed)
    usual, limit = validated(made.passes), validated(made.passes, DAMPING, SETTLED)
    counted = [passed_count(block) for block in made.passes]

    def compared(scores: list[Floats]) -> dict[str, Any]:
        return {
            "spearman_with_usual": agreement(scores, usual, "spearman").left_out,
            "spearman_with_limit": agreement(scores, limit, "spearman").left_out,
            "same_best": fmean(int(a.argmax() == b.argmax()) for a, b in zip(scores, usual, strict=True)),
            "spearman_with_truth": agreement(scores, made.accuracy, "spearman").silent_as_zero,
        }

    change = np.array([found.change for found in self_validation(made.passes, DAMPING, 30)])
    return {
        "world": world.__dict__,
        "damping": {str(d): compared(validated(made.passes, d)) for d in DAMPINGS},
        "limit": compared(limit),
        "passed_count": compared(counted),
        "change": {
            "rounds": [1, 2, 3, 5, 10, 20, 30],
            "median": np.median(change, axis=0)[[0, 1, 2, 4, 9, 19, 29]].tolist(),
            "worst_of_100": np.quantile(change, 0.99, axis=0)[[0, 1, 2, 4, 9, 19, 29]].tolist(),
        },
    }


def significant(value: Any) -> Any:
    """Floats of a nested answer to four digits."""
    if isinstance(value, dict):
        return {name: significant(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [significant(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
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
        points = [point(replace(world, **{varied: value}), arguments.problems, arguments.seed) for value in values]
        scenarios[name] = {
            "title": title,
            "world": world.__dict__,
            "varied": varied,
            "values": values,
            "points": points,
        }
    found = {
        "problems_per_point": arguments.problems,
        "seed": arguments.seed,
        "scenarios": scenarios,
        "dampings": [dampings(world, arguments.problems, arguments.seed) for world in (World(), HARD)],
    }
    line = json.dumps(significant(found))
    if python is not None:
        command = [str(python), str(PEERS / "plot_simulation.py"), str(arguments.plot)]
        subprocess.run(command, input=line, text=True, check=True)
    print(line)


if __name__ == "__main__":
    main()
