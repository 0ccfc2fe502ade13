"""Pairs by correctness: the programs that become pairs, and the reason of every program left out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import EXECUTIONS, SCORES
from tests.assemble.lakes import (
    NEAR_IDENTICAL,
    PARTLY_RIGHT,
    PROBLEM_KEY,
    PROGRAMS,
    RIGHT,
    WRONG,
    ScoredProgram,
    add_problem,
    assemble_dataset,
    assemble_pairs,
    execution_row,
    read_drops,
    score_rows,
)
from tests.builders import row


def test_the_best_program_is_paired_with_the_worst_and_the_row_shows_the_evidence(lake: Lake) -> None:
    add_problem(lake, [replace(RIGHT, passes_given=True), PARTLY_RIGHT, replace(WRONG, passes_given=False)])
    [pair] = assemble_dataset(lake)
    assert read_drops(lake) == {"b": "not_picked"}
    assert pair["prompt"] == [
        {
            "role": "user",
            "content": "Write f for 0000000a.\n\nYour code should satisfy this test:\nassert f(1) == 1",
        }
    ]
    assert pair["chosen"] == [{"role": "assistant", "content": f"```python\n{RIGHT.text}```"}]
    assert pair["rejected"] == [{"role": "assistant", "content": f"```python\n{WRONG.text}```"}]
    assert (pair["chosen_attempt_id"], pair["rejected_attempt_id"]) == ("a", "c")
    assert (pair["chosen_score"], pair["rejected_score"], pair["gap"]) == (1.0, 0.2, 0.8)
    assert pair["verdicts"] == [
        {"test": f"assert f({number}) == {number}", "chosen": "passed", "rejected": verdict}
        for number, verdict in enumerate(("passed", "failed", "failed"))
    ]
    assert (pair["chosen_passes"], pair["rejected_passes"]) == (True, False)
    assert (pair["scorer"], pair["matrix_id"], pair["judge_version"]) == ("self_validation@1", "m", 1)
    assert 0.05 < pair["token_distance"] < 1


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        pytest.param([("a", 1.0, "11")], "alone", id="one program"),
        pytest.param([("a", 1.0, "11"), ("b", 1.0, "11"), ("c", 1.0, "11")], "no_contrast", id="equal scores"),
        pytest.param([("a", 1.0, "11"), ("b", 0.95, "10"), ("c", 0.91, "10")], "near_tie", id="close scores"),
        pytest.param([("a", 0.8, "00"), ("b", 0.1, "00")], "passes_none", id="the best passes no test"),
    ],
)
def test_a_problem_without_contrast_gives_no_pair(
    lake: Lake, programs: list[tuple[str, float, str]], reason: str
) -> None:
    add_problem(lake, [ScoredProgram(*program) for program in programs])
    assert assemble_pairs(lake) == set()
    assert read_drops(lake) == {name: reason for name, *_ in programs}


def test_a_gap_of_exactly_min_gap_counts_despite_rounding_of_floats(lake: Lake) -> None:
    add_problem(lake, [ScoredProgram("a", 1.0), ScoredProgram("b", 0.9, "10")])
    assert 1.0 - 0.9 < 0.1
    assert assemble_pairs(lake, min_gap=0.1) == {("a", "b")}
    assert assemble_pairs(lake, min_gap=0.11) == set()


def test_of_programs_with_equal_scores_the_first_by_id_is_taken(lake: Lake) -> None:
    names_and_scores = [("d", 0.1, "10"), ("b", 1.0, "11"), ("c", 0.1, "10"), ("a", 1.0, "11")]
    add_problem(lake, [ScoredProgram(*program) for program in names_and_scores])
    assert assemble_pairs(lake) == {("a", "c")}


def test_near_identical_programs_are_no_pair_and_drops_names_both_and_the_pair(lake: Lake) -> None:
    first, second = NEAR_IDENTICAL
    add_problem(lake, [ScoredProgram("a", 1.0, code=first), ScoredProgram("b", 0.1, "10", code=second)])
    assert assemble_pairs(lake, min_token_distance=0.11) == set()
    reasons = read_drops(lake)
    assert sorted(reasons.values()) == ["near_identical", "near_identical", "near_identical_pair"]
    assert {reasons["a"], reasons["b"]} == {"near_identical"}
    assert assemble_pairs(lake, min_token_distance=0.1) == {("a", "b")}  # one of ten tokens
    assert read_drops(lake) == {}


def test_a_pair_of_equal_scores_replaces_a_near_identical_one(lake: Lake) -> None:
    first, second = NEAR_IDENTICAL
    add_problem(lake, [
        ScoredProgram("a", 1.0, code=first), ScoredProgram("b", 0.1, "10", code=second), ScoredProgram("c", 0.1, "10"),
    ])  # fmt: skip
    assert assemble_pairs(lake, min_token_distance=0.2) == {("a", "c")}
    assert read_drops(lake)["b"] == "near_identical"
    assert sorted(read_drops(lake).values()) == ["near_identical", "near_identical_pair"]


def test_all_above_gap_takes_the_widest_gaps_first_up_to_max_pairs(lake: Lake) -> None:
    programs = [("a", 1.0, "11"), ("b", 0.7, "10"), ("c", 0.4, "10"), ("d", 0.35, "10")]
    add_problem(lake, [ScoredProgram(*program) for program in programs])
    settings = {"pairs": "all_above_gap", "max_pairs": 10}
    wide = {("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}
    assert assemble_pairs(lake, min_gap=0.1, **settings) == wide
    assert assemble_pairs(lake, min_gap=0.5, **settings) == {("a", "c"), ("a", "d")}
    assert read_drops(lake) == {"b": "not_picked"}
    assert assemble_pairs(lake, pairs="all_above_gap", max_pairs=1) == {("a", "d")}


@pytest.mark.parametrize(
    ("best", "reason"),
    [
        pytest.param(ScoredProgram("a", 1.0, flags=("tampered",)), "flagged", id="tampered"),
        pytest.param(ScoredProgram("a", 1.0, flags=("flaky",)), "flagged", id="flaky"),
        pytest.param(ScoredProgram("a", 1.0, flags=("shared",)), "shared", id="shared"),
        pytest.param(ScoredProgram("a", 1.0, code=None), "no_code", id="no code"),
        pytest.param(ScoredProgram("a", 1.0, results=None), "unjudged", id="never run"),
        pytest.param(ScoredProgram("a", None), "incomplete", id="left out of the scoring"),
        pytest.param(ScoredProgram("a", 1.0, kind="repair"), "repair", id="a repair"),
        pytest.param(ScoredProgram("b1", 1.0, code=PARTLY_RIGHT.text), "duplicate", id="a copy"),
    ],
)
def test_a_program_that_cannot_be_trusted_is_in_no_dataset_whatever_its_score(
    lake: Lake, best: ScoredProgram, reason: str
) -> None:
    add_problem(lake, [best, PARTLY_RIGHT, WRONG])
    assert assemble_pairs(lake, kto_high=0.6) == {("b", "c")}
    assert read_drops(lake) == {best.name: reason}
    assert read_drops(lake, "preference_kto") == {best.name: reason}
    with Catalog(lake) as catalog:
        assert catalog.rows("select attempt_id from preference_kto where attempt_id not in ('b', 'c')") == []


def test_programs_judged_in_one_process_with_their_tests_are_taken_on_request(lake: Lake) -> None:
    add_problem(lake, [replace(RIGHT, flags=("shared",)), PARTLY_RIGHT, WRONG])
    assert assemble_pairs(lake, shared=True) == {("a", "c")}


def test_an_infrastructure_error_is_no_verdict(lake: Lake) -> None:
    add_problem(lake, [replace(RIGHT, results=None), PARTLY_RIGHT, WRONG])
    lake.append(EXECUTIONS, [execution_row("a", "", verdict="infra", **PROBLEM_KEY)])
    assert assemble_pairs(lake) == {("b", "c")}
    assert read_drops(lake) == {"a": "infra"}


def test_a_problem_without_scores_is_left_out(lake: Lake) -> None:
    add_problem(lake, [replace(program, score=None) for program in PROGRAMS])
    assert assemble_pairs(lake) == set()
    assert set(read_drops(lake).values()) == {"unscored"}


def test_the_problems_own_tests_overrule_the_score(lake: Lake) -> None:
    add_problem(lake, [replace(RIGHT, passes_given=False), PARTLY_RIGHT, replace(WRONG, passes_given=True)])
    assert assemble_dataset(lake) == []
    assert read_drops(lake) == {"a": "vetoed", "b": "vetoed", "c": "vetoed"}
    assert assemble_dataset(lake, "preference_kto") == []


def test_without_a_veto_the_problems_own_tests_are_shown_and_decide_nothing(lake: Lake) -> None:
    add_problem(lake, [replace(RIGHT, passes_given=False), PARTLY_RIGHT, replace(WRONG, passes_given=True)])
    [pair] = assemble_dataset(lake, veto=False)
    assert (pair["chosen_attempt_id"], pair["chosen_passes"], pair["rejected_passes"]) == ("a", False, True)
    labelled = assemble_dataset(lake, "preference_kto", veto=False)
    labels = {example["attempt_id"]: (example["label"], example["passes"]) for example in labelled}
    assert labels == {"a": (True, False), "c": (False, True)}


def test_another_scorer_gives_other_pairs(lake: Lake) -> None:
    add_problem(lake, PROGRAMS)
    reversed_scores = [replace(program, score=1 - program.score) for program in PROGRAMS if program.score is not None]
    lake.append(SCORES, score_rows(PROBLEM_KEY, reversed_scores, "passed_count@1"))
    assert assemble_pairs(lake, scorer="passed_count") == {("c", "a")}
    assert assemble_pairs(lake) == {("a", "c")}
    assert assemble_pairs(lake, scorer="random") == set()


def test_verdicts_on_tests_added_later_count_too(lake: Lake) -> None:
    add_problem(lake, [ScoredProgram("a", 1.0, "00"), ScoredProgram("b", 0.2, "00")])
    assert assemble_pairs(lake) == set()
    later = [execution_row(name, results, first_test=2, **PROBLEM_KEY) for name, results in (("a", "101"), ("b", "00"))]
    lake.append(EXECUTIONS, later)
    [pair] = assemble_dataset(lake)
    verdicts = [(cell["chosen"], cell["rejected"]) for cell in pair["verdicts"]]
    assert verdicts == [("failed", "failed")] * 2 + [("passed", "failed"), ("failed", "failed")]


def test_the_newest_judge_decides(lake: Lake) -> None:
    add_problem(lake, [RIGHT, WRONG])
    assert assemble_pairs(lake) == {("a", "c")}
    newer = [
        execution_row(name, results, judge_version=2, **PROBLEM_KEY) for name, results in (("a", "000"), ("c", "111"))
    ]
    lake.append(EXECUTIONS, newer)
    assert assemble_pairs(lake) == set()
    lake.append(EXECUTIONS, [execution_row("a", "010", judge_version=3, **PROBLEM_KEY)])
    [pair] = assemble_dataset(lake)
    assert pair["judge_version"] == 2
    assert [(cell["chosen"], cell["rejected"]) for cell in pair["verdicts"]] == [
        ("failed", "passed"), ("passed", "passed"), ("failed", "passed"),
    ]  # fmt: skip


def test_only_scores_of_the_last_scoring_are_compared(lake: Lake) -> None:
    add_problem(lake, PROGRAMS)
    newer = {
        "matrix_id": "m2", "scorer": "self_validation@1", "created_at": datetime(2026, 2, 1, tzinfo=UTC), **PROBLEM_KEY,
    }  # fmt: skip
    lake.upsert(
        SCORES, [row(SCORES, attempt_id=name, value=value, **newer) for name, value in (("b", 0.3), ("c", 1.0))]
    )
    assert assemble_pairs(lake) == {("c", "b")}
    assert read_drops(lake) == {"a": "incomplete"}
