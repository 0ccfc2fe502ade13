"""Which programs become pairs by correctness, and that each one left out has its reason."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import EXECUTIONS, SCORES
from tests.builders import row
from tests.training.lakes import NEAR, THREE, P, Program, built, drops, fill, judged, scores


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))


def pairs(lake: Lake, **how: Any) -> set[tuple[str, str]]:
    return {(r["chosen_attempt_id"], r["rejected_attempt_id"]) for r in built(lake, **how)}


def test_the_best_is_paired_with_the_worst_and_the_row_tells_how_it_came_about(lake: Lake) -> None:
    fill(lake, [replace(THREE[0], given=True), THREE[1], replace(THREE[2], given=False)])
    [pair] = built(lake)
    assert drops(lake) == {"b": "not_picked"}
    assert pair["prompt"] == [
        {
            "role": "user",
            "content": "Write f for 0000000a.\n\nYour code should satisfy this test:\nassert f(1) == 1",
        }
    ]
    assert pair["chosen"] == [{"role": "assistant", "content": f"```python\n{THREE[0].text}```"}]
    assert pair["rejected"] == [{"role": "assistant", "content": f"```python\n{THREE[2].text}```"}]
    assert (pair["chosen_attempt_id"], pair["rejected_attempt_id"]) == ("a", "c")
    assert (pair["chosen_score"], pair["rejected_score"], pair["gap"]) == (1.0, 0.2, 0.8)
    assert pair["verdicts"] == [
        {"test": f"assert f({i}) == {i}", "chosen": "passed", "rejected": rejected}
        for i, rejected in enumerate(("passed", "failed", "failed"))
    ]
    assert (pair["chosen_passes"], pair["rejected_passes"]) == (True, False)
    assert (pair["scorer"], pair["matrix_id"], pair["judge_version"]) == ("self_validation@1", "m", 1)
    assert 0.05 < pair["token_distance"] < 1


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        pytest.param([("a", 1.0, "11")], "alone", id="one program"),
        pytest.param([("a", 1.0, "11"), ("b", 1.0, "11"), ("c", 1.0, "11")], "no_contrast", id="all alike"),
        pytest.param([("a", 1.0, "11"), ("b", 0.95, "10"), ("c", 0.91, "10")], "near_tie", id="near"),
        pytest.param([("a", 0.8, "00"), ("b", 0.1, "00")], "passes_none", id="the best passes nothing"),
    ],
)
def test_a_problem_without_contrast_gives_no_pair(
    lake: Lake, programs: list[tuple[str, float, str]], reason: str
) -> None:
    fill(lake, [Program(*p) for p in programs])
    assert pairs(lake) == set()
    assert drops(lake) == {name: reason for name, *_ in programs}


def test_a_gap_of_exactly_the_least_counts_whatever_floats_make_of_it(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0), Program("b", 0.9, "10")])
    assert 1.0 - 0.9 < 0.1
    assert pairs(lake, min_gap=0.1) == {("a", "b")}
    assert pairs(lake, min_gap=0.11) == set()


def test_of_programs_with_one_score_the_first_by_id_stands_for_it(lake: Lake) -> None:
    fill(lake, [Program("d", 0.1, "10"), Program("b", 1.0), Program("c", 0.1, "10"), Program("a", 1.0)])
    assert pairs(lake) == {("a", "c")}


def test_near_identical_programs_are_no_pair_and_both_they_and_the_pair_say_so(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0, code=NEAR[0]), Program("b", 0.1, "10", code=NEAR[1])])
    assert pairs(lake, min_token_distance=0.11) == set()
    reasons = drops(lake)
    assert sorted(reasons.values()) == ["near_identical", "near_identical", "near_identical_pair"]
    assert {reasons["a"], reasons["b"]} == {"near_identical"}
    assert pairs(lake, min_token_distance=0.1) == {("a", "b")}  # one of ten tokens
    assert drops(lake) == {}


def test_a_near_identical_pair_gives_way_to_one_of_the_same_scores(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0, code=NEAR[0]), Program("b", 0.1, "10", code=NEAR[1]), Program("c", 0.1, "10")])
    assert pairs(lake, min_token_distance=0.2) == {("a", "c")}
    assert drops(lake)["b"] == "near_identical"
    assert sorted(drops(lake).values()) == ["near_identical", "near_identical_pair"]


def test_all_pairs_above_the_gap_are_taken_widest_first_up_to_the_most(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0), Program("b", 0.7, "10"), Program("c", 0.4, "10"), Program("d", 0.35, "10")])
    wide = {"pairs": "all_above_gap", "max_pairs": 10}
    assert pairs(lake, min_gap=0.1, **wide) == {("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}
    assert pairs(lake, min_gap=0.5, **wide) == {("a", "c"), ("a", "d")}
    assert drops(lake) == {"b": "not_picked"}
    assert pairs(lake, pairs="all_above_gap", max_pairs=1) == {("a", "d")}


@pytest.mark.parametrize(
    ("best", "reason"),
    [
        pytest.param(Program("a", 1.0, flags=("tampered",)), "flagged", id="tampered"),
        pytest.param(Program("a", 1.0, flags=("flaky",)), "flagged", id="flaky"),
        pytest.param(Program("a", 1.0, flags=("shared",)), "shared", id="shared"),
        pytest.param(Program("a", 1.0, code=None), "no_code", id="no code"),
        pytest.param(Program("a", 1.0, cells=None), "unjudged", id="never run"),
        pytest.param(Program("a", None), "incomplete", id="left out of the scoring"),
        pytest.param(Program("a", 1.0, kind="repair"), "repair", id="a repair"),
        pytest.param(Program("b1", 1.0, code=THREE[1].text), "duplicate", id="a copy"),
    ],
)
def test_what_cannot_be_trusted_is_in_no_data_set_however_good_it_looks(lake: Lake, best: Program, reason: str) -> None:
    fill(lake, [best, THREE[1], THREE[2]])
    assert pairs(lake, kto_high=0.6) == {("b", "c")}
    assert drops(lake) == {best.name: reason}
    assert drops(lake, "preference_kto") == {best.name: reason}
    with Catalog(lake) as catalog:
        assert catalog.rows("select attempt_id from preference_kto where attempt_id not in ('b', 'c')") == []


def test_programs_judged_beside_their_tests_are_taken_when_asked_for(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0, flags=("shared",)), *THREE[1:]])
    assert pairs(lake, shared=True) == {("a", "c")}


def test_a_hiccup_of_ours_is_no_verdict(lake: Lake) -> None:
    fill(lake, [replace(THREE[0], cells=None), *THREE[1:]])
    lake.append(EXECUTIONS, [judged("a", "", verdict="infra", **P)])
    assert pairs(lake) == {("b", "c")}
    assert drops(lake) == {"a": "infra"}


def test_a_problem_that_no_scorer_has_seen_is_left_out(lake: Lake) -> None:
    fill(lake, [replace(p, score=None) for p in THREE])
    assert pairs(lake) == set()
    assert set(drops(lake).values()) == {"unscored"}


def test_the_problems_own_tests_are_told_and_decide_nothing(lake: Lake) -> None:
    fill(lake, [replace(THREE[0], given=False), THREE[1], replace(THREE[2], given=True)])
    [pair] = built(lake)
    assert (pair["chosen_attempt_id"], pair["chosen_passes"], pair["rejected_passes"]) == ("a", False, True)
    labels = {r["attempt_id"]: (r["label"], r["passes"]) for r in built(lake, "preference_kto")}
    assert labels == {"a": (True, False), "c": (False, True)}


def test_another_scorer_makes_other_pairs(lake: Lake) -> None:
    fill(lake, THREE)
    turned = [replace(p, score=1 - p.score) for p in THREE if p.score is not None]
    lake.append(SCORES, scores(P, turned, "passed_count@1"))
    assert pairs(lake, scorer="passed_count") == {("c", "a")}
    assert pairs(lake) == {("a", "c")}
    assert pairs(lake, scorer="random") == set()


def test_verdicts_of_later_tests_stand_in_a_row_of_their_own_and_count_too(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0, "00"), Program("b", 0.2, "00")])
    assert pairs(lake) == set()
    later = [judged(name, cells, first=2, **P) for name, cells in (("a", "101"), ("b", "00"))]
    lake.append(EXECUTIONS, later)
    [pair] = built(lake)
    told = [(v["chosen"], v["rejected"]) for v in pair["verdicts"]]
    assert told == [("failed", "failed")] * 2 + [("passed", "failed"), ("failed", "failed")]


def test_the_newest_judge_is_believed(lake: Lake) -> None:
    fill(lake, THREE[::2])
    assert pairs(lake) == {("a", "c")}
    again = [judged(name, cells, judge_version=2, **P) for name, cells in (("a", "000"), ("c", "111"))]
    lake.append(EXECUTIONS, again)
    assert pairs(lake) == set()
    lake.append(EXECUTIONS, [judged("a", "010", judge_version=3, **P)])
    [pair] = built(lake)
    assert pair["judge_version"] == 2
    assert [(v["chosen"], v["rejected"]) for v in pair["verdicts"]] == [
        ("failed", "passed"), ("passed", "passed"), ("failed", "passed"),
    ]  # fmt: skip


def test_only_scores_of_the_last_scoring_are_compared(lake: Lake) -> None:
    fill(lake, THREE)
    newer = {"matrix_id": "m2", "scorer": "self_validation@1", "created_at": datetime(2026, 2, 1, tzinfo=UTC), **P}
    lake.upsert(SCORES, [row(SCORES, attempt_id=n, value=v, **newer) for n, v in (("b", 0.3), ("c", 1.0))])
    assert pairs(lake) == {("c", "b")}
    assert drops(lake) == {"a": "incomplete"}
