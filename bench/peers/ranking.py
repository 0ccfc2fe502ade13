"""The loop of runners that score graphs. Standard library only: each has an environment of its own.

The graphs come as one line of JSON on stdin, each a list of rows of 0 and 1: which tests a program passes. Then every
line asks for a turn, which builds and scores all of them, and is answered by the CPU seconds of both parts and the
programs' scores.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(build: Callable[[list[list[int]]], Any], score: Callable[[Any], list[float]]) -> None:
    """Answer turns until stdin ends.

    Args:
        build: a matrix as the peer takes it; tests that all programs pass or none are left out already.
        score: what the peer was built; one score for each program.
    """
    matrices = [drop_constant_tests(rows) for rows in json.loads(sys.stdin.readline())]
    for _ in sys.stdin:
        began = time.process_time()
        graphs = [build(rows) for rows in matrices]
        built = time.process_time()
        scores = [score(graph) for graph in graphs]
        ended = time.process_time()
        print(json.dumps({"build_s": built - began, "score_s": ended - built, "scores": scores}), flush=True)


def drop_constant_tests(rows: list[list[int]]) -> list[list[int]]:
    """Return a matrix without its constant columns."""
    return [list(row) for row in zip(*(c for c in zip(*rows, strict=True) if 0 < sum(c) < len(c)), strict=True)]
