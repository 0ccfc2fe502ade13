"""The figures on the pages are those that their names promise."""

from itertools import combinations
from pathlib import Path
from statistics import fmean

import pyarrow as pa
import pytest

from dashboards.diffs import changed_spans
from dashboards.funnel import count_steps, rate_models, rate_rounds
from dashboards.queries import programs
from dashboards.snapshot import MOST_ROWS, LakeSnapshot, bounded_rows
from storage.errors import ConfigError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tests.builders import row

VERDICTS = {
    "p": ("passed", "failed", "repaired 1", "failed"),
    "q": ("failed", "failed", "repaired 2"),
    "r": ("passed", "passed", "no_code", "infra"),
    "s": ("failed",),
}
"""Verdicts of first attempts by problem. `repaired 2`: wrong, its repair is wrong, and that one's repair passes."""


@pytest.fixture
def snapshot(tmp_path: Path) -> LakeSnapshot:
    """The programs of VERDICTS; the attempt p1 is flaky."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=name, source="s") for name in VERDICTS])
    attempts, executions = [], []

    def add(name: str, problem: str, verdict: str, parent: str | None = None, number: int = 0) -> None:
        kind, recipe = ("repair", "fix") if parent else ("generate", "r")
        attempts.append(row(
            ATTEMPTS, attempt_id=name, problem_id=problem, kind=kind, round=number, parent_attempt_id=parent, model="m",
            recipe_id=recipe,
        ))  # fmt: skip
        executions.append(row(
            EXECUTIONS, attempt_id=name, problem_id=problem, suite="given", suite_id="g", verdict=verdict,
            flags=["flaky"] if name == "p1" else [],
        ))  # fmt: skip

    for problem, verdicts in VERDICTS.items():
        for place, verdict in enumerate(verdicts):
            name, rounds = f"{problem}{place}", repaired_in_round(verdict)
            add(name, problem, "failed" if rounds else verdict)
            for number in range(1, rounds + 1):
                add(f"{name}-{number}", problem, "passed" if number == rounds else "error", name, number)
                name = f"{name}-{number}"
    lake.append(ATTEMPTS, attempts)
    lake.append(EXECUTIONS, executions)
    return LakeSnapshot(lake)


def repaired_in_round(verdict: str) -> int:
    """Return the round whose repair passes; 0 where none does."""
    return int(verdict.split()[1]) if verdict.startswith("repaired") else 0


def expected_pass_at_k(after_round: int, k: int) -> tuple[int, float]:
    """Return the number of problems, and the mean share of k-subsets of their programs that hold a right one."""
    shares = []
    for verdicts in VERDICTS.values():
        right = [v == "passed" or 0 < repaired_in_round(v) <= after_round for v in verdicts if v != "infra"]
        if len(right) >= k:
            shares.append(fmean(any(subset) for subset in combinations(right, k)))
    return len(shares), fmean(shares)


@pytest.mark.parametrize("after_round", [0, 1, 2])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_program(
    snapshot: LakeSnapshot, after_round: int, k: int
) -> None:
    [answer] = [a for a in snapshot.rows(programs.PASS_AT_K) if (a["round"], a["k"]) == (after_round, k)]
    problems, pass_at_k = expected_pass_at_k(after_round, k)
    assert (answer["problems"], answer["model"], answer["recipe_id"]) == (problems, "m", "r")
    assert answer["pass_at_k"] == pytest.approx(pass_at_k)


def test_funnel_rounds_and_rates_add_up(snapshot: LakeSnapshot) -> None:
    counts = snapshot.rows(programs.COUNTS)
    assert {count["step"]: count["n"] for count in count_steps(counts, [], [])} == {
        "attempts": 12, "with code": 12, "right at once": 3, "wrong": 7, "repairs": 3, "verified repairs": 2,
    }  # fmt: skip
    rounds = rate_rounds(counts)
    assert [(r["round"], r["programs"], r["passed"]) for r in rounds] == [(0, 12, 3), (1, 2, 1), (2, 1, 1)]
    assert rounds[0]["passed_share"] == pytest.approx(3 / 11)
    [rates] = rate_models(counts)
    assert (rates["judged"], rates["flaky"], rates["infra"]) == (15, 1 / 15, 1 / 15)


def test_problems_are_counted_by_their_best_program(snapshot: LakeSnapshot) -> None:
    states = {count["state"]: count["problems"] for count in snapshot.rows(programs.PROBLEM_STATES)}
    assert states == {"right at once": 2, "repaired": 1, "never right": 1}


def test_an_answer_is_cached_until_the_lake_changes(snapshot: LakeSnapshot) -> None:
    def count_problems(of: LakeSnapshot) -> int:
        return sum(count["problems"] for count in of.rows(programs.PROBLEM_STATES))

    first = snapshot.rows(programs.COUNTS)
    snapshot.lake.append(PROBLEMS, [row(PROBLEMS, problem_id="new", source="s")])
    assert snapshot.rows(programs.COUNTS) is first
    assert count_problems(snapshot) == len(VERDICTS), "a snapshot is pinned, also for its first answer"
    assert count_problems(LakeSnapshot(snapshot.lake)) == len(VERDICTS) + 1


def test_older_versions_can_be_pinned(snapshot: LakeSnapshot) -> None:
    older = LakeSnapshot(snapshot.lake, {"executions": 0})
    assert {count["verdict"] for count in older.rows(programs.COUNTS)} == {"unjudged"}


def test_too_many_rows_are_refused() -> None:
    data = pa.table({"n": range(MOST_ROWS + 1)})
    with pytest.raises(LakeError, match=f"rows, expected {MOST_ROWS} at most"):
        bounded_rows(data, "select n from numbers")


def test_a_missing_lake_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no lake there"):
        LakeSnapshot(Lake(LakeSettings(path=str(tmp_path / "none"))))


def test_changed_words_are_marked_and_nothing_else() -> None:
    left, right = changed_spans("return n * n", "return n + n")
    marks = [("return n * n"[a:b], "return n + n"[c:d]) for (a, b), (c, d) in zip(left, right, strict=True)]
    assert marks == [("*", "+")]
