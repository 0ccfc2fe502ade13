"""The figures on the pages are those that their names promise."""

from itertools import combinations
from pathlib import Path
from statistics import fmean

import pytest

from dashboards.answers import MOST_ROWS, SQL, Answers, prepared, statement
from dashboards.diffs import changed
from dashboards.funnel import funnel, rates, rounds
from storage.errors import ConfigError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tests.builders import row

VERDICTS = {  # by problem, of its first attempts; mended r: wrong, and a repair of round r passes
    "p": ("passed", "failed", "mended 1", "failed"),
    "q": ("failed", "failed", "mended 2"),
    "r": ("passed", "passed", "no_code", "infra"),
    "s": ("failed",),
}


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=name, source="s") for name in VERDICTS])
    attempts, executions = [], []

    def add(name: str, problem: str, verdict: str, parent: str | None = None, round_: int = 0) -> None:
        kind = "repair" if parent else "generate"
        attempts.append(row(
            ATTEMPTS, attempt_id=name, problem_id=problem, kind=kind, round=round_, parent_attempt_id=parent, model="m",
            recipe_id="fix" if parent else "r",
        ))  # fmt: skip
        executions.append(row(
            EXECUTIONS, attempt_id=name, problem_id=problem, suite="given", suite_id="g", verdict=verdict,
            flags=["flaky"] if name == "p1" else [],
        ))  # fmt: skip

    for problem, verdicts in VERDICTS.items():
        for n, verdict in enumerate(verdicts):
            name, mended = f"{problem}{n}", verdict.startswith("mended")
            add(name, problem, "failed" if mended else verdict)
            for round_ in range(1, int(verdict[-1]) + 1 if mended else 1):
                add(f"{name}-{round_}", problem, "passed" if verdict.endswith(str(round_)) else "error", name, round_)
                name = f"{name}-{round_}"
    lake.append(ATTEMPTS, attempts)
    lake.append(EXECUTIONS, executions)
    return Answers(lake)


def by_hand(round_: int, k: int) -> tuple[int, float]:
    """Problems, and the mean over them of the share of k-subsets of their programs that hold a right one."""
    found = []
    for verdicts in VERDICTS.values():
        right = [
            v == "passed" or (v.startswith("mended") and int(v[-1]) <= round_) for v in verdicts if v != "infra"
        ]  # fmt: skip
        if len(right) >= k:
            found.append(fmean(any(some) for some in combinations(right, k)))
    return len(found), fmean(found)


@pytest.mark.parametrize("round_", [0, 1, 2])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_program(answers: Answers, round_: int, k: int) -> None:
    [found] = [r for r in answers.ask("pass_at_k") if (r["round"], r["k"]) == (round_, k)]
    problems, expected = by_hand(round_, k)
    assert (found["problems"], found["model"], found["recipe_id"]) == (problems, "m", "r")
    assert found["pass_at_k"] == pytest.approx(expected)


def test_funnel_rounds_and_rates_add_up(answers: Answers) -> None:
    counts = answers.ask("counts")
    steps = {r["step"]: r["n"] for r in funnel(counts, [], [])}
    assert steps == {
        "attempts": 12, "with code": 12, "right at once": 3, "wrong": 7, "repairs": 3, "verified repairs": 2,
    }  # fmt: skip
    assert [(r["round"], r["programs"], r["passed"]) for r in rounds(counts)] == [(0, 12, 3), (1, 2, 1), (2, 1, 1)]
    assert rounds(counts)[0]["passed_share"] == pytest.approx(3 / 11)
    [of_m] = rates(counts)
    assert (of_m["judged"], of_m["flaky"], of_m["infra"]) == (15, 1 / 15, 1 / 15)


def test_problems_are_told_by_the_best_that_became_of_them(answers: Answers) -> None:
    states = {r["state"]: r["problems"] for r in answers.ask("problem_states")}
    assert states == {"right at once": 2, "mended": 1, "never right": 1}


def test_an_answer_is_kept_until_the_lake_changes(answers: Answers) -> None:
    first = answers.ask("counts")
    answers.lake.append(PROBLEMS, [row(PROBLEMS, problem_id="new", source="s")])
    assert answers.ask("counts") is first
    assert sum(r["problems"] for r in answers.ask("problem_states")) == len(VERDICTS)  # pinned, also where asked late
    assert sum(r["problems"] for r in Answers(answers.lake).ask("problem_states")) == len(VERDICTS) + 1


def test_older_versions_can_be_pinned(answers: Answers) -> None:
    older = Answers(answers.lake, {"executions": 0})
    assert {r["verdict"] for r in older.ask("counts")} == {"unjudged"}


@pytest.mark.parametrize("path", sorted(SQL.glob("*.sql")), ids=lambda path: path.stem)
def test_every_statement_bounds_its_rows(path: Path) -> None:
    limit = int(path.read_text().rstrip().split()[-1])
    assert limit <= MOST_ROWS and path.read_text().rstrip().split()[-2] == "limit"


def test_too_many_rows_are_refused(answers: Answers) -> None:
    with pytest.raises(LakeError, match=f"rows, expected {MOST_ROWS} at most"):
        answers._answer(f"select * from range({MOST_ROWS + 1})", {})


def test_tables_are_prepared_for_the_statements_that_name_them() -> None:
    assert prepared(statement("counts")) == ("facts",)
    assert prepared(statement("drops")) == ()


def test_no_lake_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no lake there"):
        Answers(Lake(LakeSettings(path=str(tmp_path / "none"))))


def test_changed_words_are_marked_and_nothing_else() -> None:
    left, right = changed("return n * n", "return n + n")
    assert [("return n * n"[a:b], "return n + n"[c:d]) for (a, b), (c, d) in zip(left, right, strict=True)] == [
        ("*", "+")
    ]
