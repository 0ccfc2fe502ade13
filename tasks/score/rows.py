"""From a bucket's verdicts to matrices, and from scores to rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from storage.ids import canonical
from storage.lake import Row
from tasks.score.rankers import SCORERS, pass_all, passed_count, random
from tasks.score.validation import Validated, self_validation
from tasks.settings import Scorer, ScoreSettings


@dataclass(frozen=True)
class Matrix:
    """One problem's verdicts: (A, T) booleans in the order of its attempts and tests."""

    problem_id: str
    bucket: int
    matrix_id: str
    attempts: tuple[str, ...]
    tests: tuple[str, ...]
    passes: np.ndarray
    given: tuple[float | None, ...]
    """Share of the problem's own tests that each attempt passes; None where there is none, or no verdict."""


def matrices(pending: Iterable[Mapping[str, Any]], cells: pa.Table) -> list[Matrix]:
    """Rows of pending_score.sql with their verdicts from matrix_cells.sql."""
    passed: dict[str, dict[tuple[str, str], bool]] = {}
    columns = (cells[name].to_pylist() for name in ("problem_id", "attempt_id", "test_id", "passed"))
    for problem_id, attempt_id, test_id, ok in zip(*columns, strict=True):
        passed.setdefault(problem_id, {})[attempt_id, test_id] = ok
    return [_matrix(row, passed[row["problem_id"]]) for row in pending]


def _matrix(row: Mapping[str, Any], passed: Mapping[tuple[str, str], bool]) -> Matrix:
    attempts = tuple(program["attempt_id"] for program in row["programs"])
    tests = tuple(sorted({test_id for _, test_id in passed}))
    passes = np.array([[passed[a, t] for t in tests] for a in attempts], dtype=bool).reshape(len(attempts), len(tests))
    given = tuple(None if p["total"] is None else p["passed"] / p["total"] for p in row["programs"])
    return Matrix(row["problem_id"], row["bucket"], row["matrix_id"], attempts, tests, passes, given)


@dataclass(frozen=True)
class Rows:
    """What one bucket's scoring writes."""

    rankings: list[Row]
    scores: list[Row]
    test_scores: list[Row]


def scored(found: Sequence[Matrix], how: ScoreSettings) -> Rows:
    """Every matrix by every scorer wanted."""
    rows = Rows([], [], [])
    validated = self_validation([m.passes for m in found], how.damping, how.rounds)
    for matrix, result in zip(found, validated, strict=True):
        for scorer in how.scorers:
            _add(rows, matrix, scorer, result)
    return rows


def _add(rows: Rows, matrix: Matrix, scorer: Scorer, validated: Validated) -> None:
    name, now = SCORERS[scorer], datetime.now(UTC)
    shared = {
        "problem_id": matrix.problem_id, "bucket": matrix.bucket, "scorer": name, "matrix_id": matrix.matrix_id,
        "created_at": now,
    }  # fmt: skip
    values = list(_values(matrix, scorer, validated))
    own = scorer == "self_validation"
    rows.rankings.append({
        **shared, "programs": len(values), "tests": len(matrix.tests), "constant_tests": int(validated.constant.sum()),
        "change": validated.change.tolist() if own else [],
    })  # fmt: skip
    counts = matrix.passes.sum(axis=1).tolist()
    passed = dict(zip(matrix.attempts, counts, strict=True))
    rows.scores.extend(
        {**shared, "attempt_id": attempt, "value": value,
         "parts": canonical({"passed": passed[attempt], "tests": len(matrix.tests)})}
        for attempt, value in values
    )  # fmt: skip
    if own:
        columns = zip(matrix.tests, validated.tests.tolist(), matrix.passes.sum(axis=0).tolist(), strict=True)
        rows.test_scores.extend(
            {**shared, "test_id": test, "value": None if np.isnan(value) else value, "passed": passed,
             "programs": len(matrix.attempts)}
            for test, value, passed in columns
        )  # fmt: skip


def _values(matrix: Matrix, scorer: Scorer, validated: Validated) -> Iterator[tuple[str, float]]:
    match scorer:
        case "self_validation":
            found = validated.programs
        case "passed_count":
            found = passed_count(matrix.passes)
        case "pass_all":
            found = pass_all(matrix.passes)
        case "random":
            found = random(matrix.attempts)
        case "ground_truth":
            known = [(a, g) for a, g in zip(matrix.attempts, matrix.given, strict=True) if g is not None]
            yield from known
            return
    yield from zip(matrix.attempts, found.tolist(), strict=True)
