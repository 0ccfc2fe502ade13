"""Which programs become pairs and labels, and that each one left out has its reason."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.catalog import Catalog
from storage.dataset_tables import PREFERENCE_CORRECTNESS
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS, EXECUTIONS, SCORES
from tasks.assemble.settings import PreferenceSettings
from tasks.assemble.task import assemble_preference
from tasks.assemble.tokens import token_distance, tokens
from tests.builders import row
from tests.training.lakes import Program, fill, judged, scores, told_apart

P = {"problem_id": "0000000a", "bucket": 0}
THREE = (Program("a", 1.0, "111"), Program("b", 0.7, "110"), Program("c", 0.2, "100"))
NAMES = ("preference_correctness", "preference_efficiency", "preference_kto")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))


def built(lake: Lake, name: str = "preference_correctness", **how: Any) -> list[dict[str, Any]]:
    assemble_preference.fn(lake.settings, PreferenceSettings(**how))
    with Catalog(lake) as catalog:
        return catalog.rows(f"select * from {name} order by all")


def drops(lake: Lake, name: str = "preference_correctness") -> dict[str, str]:
    with Catalog(lake) as catalog:
        found = catalog.rows("select row_id, reason from drops where stage = $stage", stage=f"assemble:{name}")
    return {r["row_id"]: r["reason"] for r in found}


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


NEAR = ("def f(x):\n    return x + 1\n", "def f(x):\n    return x - 1  # not quite\n")


def test_near_identical_programs_are_no_pair_and_both_they_and_the_pair_say_so(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0, code=NEAR[0]), Program("b", 0.1, "10", code=NEAR[1])])
    assert pairs(lake, min_token_distance=0.1) == set()
    reasons = drops(lake)
    assert sorted(reasons.values()) == ["near_identical", "near_identical", "near_identical_pair"]
    assert {reasons["a"], reasons["b"]} == {"near_identical"}
    assert pairs(lake, min_token_distance=0.05) == {("a", "b")}
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


def test_a_separated_pair_of_speeds_becomes_an_example_with_its_ratio(lake: Lake) -> None:
    told = told_apart("b", "a", 3.0, 2.5, 3.5)
    fill(lake, [Program("a", 1.0, pair=told["a"]), Program("b", 1.0, pair=told["b"]), Program("c", 1.0)])
    [pair] = built(lake, "preference_efficiency")
    assert (pair["chosen_attempt_id"], pair["rejected_attempt_id"]) == ("b", "a")
    assert (pair["ratio"], pair["ratio_low"], pair["ratio_high"]) == (3.0, 2.5, 3.5)
    assert pair["scorer"] == "efficiency@1" and len(pair["verdicts"]) == 2
    assert drops(lake, "preference_efficiency") == {"c": "not_timed"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        pytest.param({"a": {}, "b": {}}, "not_separated", id="no pair"),
        pytest.param(told_apart("a", "b", 1.1, 1.0, 1.2), "not_separated", id="interval that reaches 1"),
        pytest.param({**told_apart("a", "b"), "b": {}}, "not_separated", id="one side alone"),
        pytest.param({**told_apart("a", "b"), "b": told_apart("c", "b")["b"]}, "not_separated", id="another partner"),
    ],
)
def test_speeds_that_are_not_told_apart_are_no_pair(lake: Lake, told: dict[str, Any], reason: str) -> None:
    fill(lake, [Program("a", 1.0, pair=told["a"]), Program("b", 1.0, pair=told["b"])])
    assert built(lake, "preference_efficiency") == []
    assert drops(lake, "preference_efficiency") == {"a": reason, "b": reason}


def test_labels_are_given_to_high_and_low_scores_alone(lake: Lake) -> None:
    fill(lake, [*THREE, Program("d", 0.95, "000"), Program("e", 0.4, "000")])
    rows = built(lake, "preference_kto", kto_high=0.9, kto_low=0.4)
    assert {r["attempt_id"]: r["label"] for r in rows} == {"a": True, "c": False, "e": False}
    assert drops(lake, "preference_kto") == {"b": "between", "d": "passes_none"}
    [wanted] = [r for r in rows if r["label"]]
    assert [turn["role"] for turn in wanted["prompt"] + wanted["completion"]] == ["user", "assistant"]
    assert wanted["code"] in wanted["completion"][0]["content"] and wanted["score"] == 1.0


def test_a_problem_whose_programs_are_alike_gives_no_labels(lake: Lake) -> None:
    fill(lake, [Program("a", 1.0), Program("b", 1.0), Program("c", 0.98, "10")])
    assert built(lake, "preference_kto") == []
    assert drops(lake, "preference_kto") == dict.fromkeys("abc", "near_tie")


def test_assembling_again_writes_nothing_and_keeps_what_it_was_made_from(lake: Lake) -> None:
    told = told_apart("b", "a")
    fill(lake, [replace(p, pair=told.get(p.name)) for p in THREE])
    fill(lake, [replace(p, name=f"{p.name}2") for p in THREE], "0000000b")
    before = lake.versions()
    assert [len(built(lake, name)) for name in NAMES] == [2, 1, 4]
    after = lake.versions()
    assert len(built(lake)) == 2
    assert lake.versions() == after
    [commit] = DeltaTable(lake.uri(PREFERENCE_CORRECTNESS)).history(1)
    assert json.loads(commit["built_from"]) == before


def test_a_changed_score_changes_the_data_set_and_nothing_else_does(lake: Lake) -> None:
    fill(lake, THREE)
    assert pairs(lake) == {("a", "c")}
    before = lake.versions()
    lake.upsert(SCORES, scores(P, [replace(THREE[0], score=0.1)]))
    assert pairs(lake) == {("b", "a")}
    changed = {name for name, version in lake.versions().items() if version != before[name]}
    assert changed == {"scores", "preference_correctness", "preference_kto", "drops"}


def test_the_reasons_of_other_stages_are_left_alone(lake: Lake) -> None:
    fill(lake, THREE)
    lake.append(DROPS, [row(DROPS, stage="assemble:debugging_sft", row_id="b", bucket=0, reason="unjudged")])
    built(lake)
    assert drops(lake, "debugging_sft") == {"b": "unjudged"}


@st.composite
def populations(draw: Callable[..., Any]) -> list[Program]:
    """Programs of one problem in which ties, copies, flags and gaps all come up."""
    count = draw(st.integers(0, 6))
    return [
        Program(
            f"p{i}",
            draw(st.sampled_from([None, 0.0, 0.1, 0.5, 0.9, 1.0])),
            draw(st.sampled_from(["00", "01", "11", None])),
            draw(st.sampled_from(["", NEAR[0], NEAR[1], None])),
            draw(st.sampled_from([(), (), (), ("flaky",)])),
            draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from(["generate", "generate", "repair"])),
        )
        for i in range(count)
    ]


@given(populations(), populations(), st.sampled_from(["best_worst", "all_above_gap"]), st.floats(0.05, 1), st.randoms())
@settings(max_examples=12, deadline=None)
def test_every_program_is_in_an_example_or_has_its_reason_and_row_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    one: list[Program],
    other: list[Program],
    how: str,
    min_gap: float,
    dice: random.Random,
) -> None:
    other = [replace(p, name=f"q{p.name}") for p in other]
    results = []
    for shuffled in (False, True):
        lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("lake")), buckets=2))
        for problem, programs in (("0000000a", one), ("0000000b", other)):
            fill(lake, dice.sample(programs, len(programs)) if shuffled else programs, problem)
        found = built(lake, pairs=how, min_gap=min_gap)
        with Catalog(lake) as catalog:
            kto = catalog.rows("select * from preference_kto order by example_id")
            left = catalog.rows("select * from drops order by stage, row_id")
        results.append((found, kto, left))
    assert results[0] == results[1]
    score = {p.name: p.score for p in (*one, *other)}
    for pair in found:
        assert pair["chosen_score"] - pair["rejected_score"] >= min_gap - 1e-9
        assert pair["chosen_score"] == score[pair["chosen_attempt_id"]]
        assert "passed" in {v["chosen"] for v in pair["verdicts"]}
    paired = {r[f"{side}_attempt_id"] for r in found for side in ("chosen", "rejected")}
    _every_program_once(score.keys(), paired, lake, "preference_correctness")
    _every_program_once(score.keys(), {r["attempt_id"] for r in kto}, lake, "preference_kto")
    _every_program_once(score.keys(), set(), lake, "preference_efficiency")


def _every_program_once(programs: Sequence[str], used: set[str], lake: Lake, name: str) -> None:
    left = {row_id for row_id, reason in drops(lake, name).items() if reason != "near_identical_pair"}
    assert used | left == set(programs) and not used & left


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param("a = 1  # one\n", "a=1\n\n# another", 0.0, id="comments and layout"),
        pytest.param("a = 1", "a = 2", 1 / 3, id="one of three"),
        pytest.param("", "", 0.0, id="nothing"),
        pytest.param("", "x", 1.0, id="all"),
        pytest.param("def f(:\n  '''never closed", "def f(:\n  '''never  closed", 1 / 5, id="broken code"),
        pytest.param("s = 'a # b'", "s = 'a # c'", 1 / 3, id="a string is one token, no comment"),
        pytest.param("x **= y // 2.5e3", "x **= y / 2.5e3", 1 / 5, id="operators and numbers are whole"),
    ],
)
def test_distance_counts_tokens(one: str, other: str, distance: float) -> None:
    assert token_distance(tokens(one), tokens(other)) == pytest.approx(distance)
    assert token_distance(tokens(other), tokens(one)) == pytest.approx(distance)


@given(st.text(max_size=60))
def test_no_text_is_too_broken_for_tokens_and_none_is_lost(text: str) -> None:
    found = tokens(text)
    if "#" not in text:
        assert "".join("".join(found).split()) == "".join(text.split())


def test_thresholds_of_labels_that_overlap_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"kto_low 0\.9: expected less than kto_high 0\.9"):
        PreferenceSettings(kto_low=0.9, kto_high=0.9)
