"""The names of scorers that settings may give; the lake keeps them with a version (tasks/score/rankers.py)."""

from typing import Literal

Scorer = Literal["self_validation", "passed_count", "pass_all", "random", "ground_truth"]
