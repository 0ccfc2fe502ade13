"""The matrices of a bucket's verdicts, and the rows of their scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage.ids import canonical_json
from storage.pending import PendingScore
from storage.rows import RankingRow, ScoreRow, TestScoreRow
from storage.scorers import Scorer
from tasks.score.rankers import SCORERS, score_at_random, score_by_pass_all, score_by_passed_count
from tasks.score.settings import ScoreSettings
from tasks.score.validation import SelfValidation, run_self_validation


@dataclass(frozen=True)
class Matrix:
    """One problem's verdicts: (A, T) booleans in the order of its attempts and tests."""

    problem_id: str
    bucket: int
    matrix_id: str
    attempts: tuple[str, ...]
    tests: tuple[str, ...]
    passes: NDArray[np.bool_]
    own_pass_rates: tuple[float | None, ...]
    """Share of the problem's own tests that each attempt passes; None where there is no test or no verdict."""


def matrices_of(pending: Iterable[PendingScore], cells: pa.Table) -> list[Matrix]:
    """Build the matrix of every pending problem from the rows of macro `matrix_cells_of`."""
    passes: dict[str, dict[tuple[str, str], bool]] = {}
    columns = (cells[name].to_pylist() for name in ("problem_id", "attempt_id", "test_id", "passed"))
    for problem_id, attempt_id, test_id, passed in zip(*columns, strict=True):
        passes.setdefault(problem_id, {})[attempt_id, test_id] = passed
    return [_matrix(row, passes[row["problem_id"]]) for row in pending]


def _matrix(row: PendingScore, passed: Mapping[tuple[str, str], bool]) -> Matrix:
    attempts = tuple(program["attempt_id"] for program in row["programs"])
    tests = tuple(sorted({test_id for _, test_id in passed}))
    passes = np.array([[passed[a, t] for t in tests] for a in attempts], dtype=bool).reshape(len(attempts), len(tests))
    rates = tuple(None if p["total"] is None else (p["passed"] or 0) / p["total"] for p in row["programs"])
    return Matrix(row["problem_id"], row["bucket"], row["matrix_id"], attempts, tests, passes, rates)


@dataclass(frozen=True)
class ScoredRows:
    """The rows that scoring one bucket writes."""

    rankings: list[RankingRow]
    scores: list[ScoreRow]
    test_scores: list[TestScoreRow]


def score_matrices(matrices: Sequence[Matrix], settings: ScoreSettings, created_at: datetime) -> ScoredRows:
    """Score every matrix by every scorer of the settings."""
    rows = ScoredRows([], [], [])
    results = run_self_validation([m.passes for m in matrices], settings.damping, settings.rounds)
    for matrix, result in zip(matrices, results, strict=True):
        for scorer in settings.scorers:
            _add_rows(rows, matrix, scorer, result, created_at)
    return rows


def _add_rows(
    rows: ScoredRows, matrix: Matrix, scorer: Scorer, validated: SelfValidation, created_at: datetime
) -> None:
    problem_id, bucket, matrix_id, name = matrix.problem_id, matrix.bucket, matrix.matrix_id, SCORERS[scorer]
    values = list(_program_scores(matrix, scorer, validated))
    rows.rankings.append({
        "problem_id": problem_id, "bucket": bucket, "scorer": name, "matrix_id": matrix_id, "created_at": created_at,
        "programs": len(values), "tests": len(matrix.tests), "constant_tests": int(validated.constant.sum()),
        "change": validated.change.tolist() if scorer == "self_validation" else [],
    })  # fmt: skip
    counts = dict(zip(matrix.attempts, matrix.passes.sum(axis=1).tolist(), strict=True))
    rows.scores.extend(
        {
            "problem_id": problem_id, "bucket": bucket, "scorer": name, "matrix_id": matrix_id,
            "created_at": created_at, "attempt_id": attempt, "value": value,
            "parts": canonical_json({"passed": counts[attempt], "tests": len(matrix.tests)}),
        }
        for attempt, value in values
    )  # fmt: skip
    if scorer == "self_validation":
        columns = zip(matrix.tests, validated.tests.tolist(), matrix.passes.sum(axis=0).tolist(), strict=True)
        rows.test_scores.extend(
            {
                "problem_id": problem_id, "bucket": bucket, "scorer": name, "matrix_id": matrix_id,
                "created_at": created_at, "test_id": test, "value": None if np.isnan(value) else value,
                "passed": passed, "programs": len(matrix.attempts),
            }
            for test, value, passed in columns
        )  # fmt: skip


def _program_scores(matrix: Matrix, scorer: Scorer, validated: SelfValidation) -> Iterator[tuple[str, float]]:
    match scorer:
        case "self_validation":
            scores = validated.programs
        case "passed_count":
            scores = score_by_passed_count(matrix.passes)
        case "pass_all":
            scores = score_by_pass_all(matrix.passes)
        case "random":
            scores = score_at_random(matrix.attempts)
        case "ground_truth":
            rates = zip(matrix.attempts, matrix.own_pass_rates, strict=True)
            yield from ((attempt, rate) for attempt, rate in rates if rate is not None)
            return
    yield from zip(matrix.attempts, scores.tolist(), strict=True)
