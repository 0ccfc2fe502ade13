"""Pairs by speed, and labels."""

from typing import Any

import pytest
from pydantic import ValidationError

from storage.lake import Lake
from tasks.assemble.settings import PreferenceSettings
from tests.assemble.lakes import PROGRAMS, ScoredProgram, add_problem, assemble_dataset, read_drops, timing_pair


def test_a_separated_pair_of_speeds_becomes_an_example_with_its_ratio(lake: Lake) -> None:
    timing = timing_pair("b", "a", 3.0, 2.5, 3.5)
    timed = [ScoredProgram(name, 1.0, timing=timing[name]) for name in ("a", "b")]
    add_problem(lake, [*timed, ScoredProgram("c", 1.0)])
    [pair] = assemble_dataset(lake, "preference_efficiency")
    assert (pair["chosen_attempt_id"], pair["rejected_attempt_id"]) == ("b", "a")
    assert (pair["ratio"], pair["ratio_low"], pair["ratio_high"]) == (3.0, 2.5, 3.5)
    assert pair["scorer"] == "efficiency@1" and len(pair["verdicts"]) == 2
    assert read_drops(lake, "preference_efficiency") == {"c": "not_timed"}


@pytest.mark.parametrize(
    ("timing", "reason"),
    [
        pytest.param({"a": {}, "b": {}}, "not_separated", id="no pair"),
        pytest.param(timing_pair("a", "b", 1.1, 1.0, 1.2), "not_separated", id="interval that reaches 1"),
        pytest.param({**timing_pair("a", "b"), "b": {}}, "not_separated", id="one side alone"),
        pytest.param({**timing_pair("a", "b"), "b": timing_pair("c", "b")["b"]}, "not_separated", id="another partner"),
    ],
)
def test_speeds_that_timing_did_not_separate_are_no_pair(lake: Lake, timing: dict[str, Any], reason: str) -> None:
    add_problem(lake, [ScoredProgram(name, 1.0, timing=timing[name]) for name in ("a", "b")])
    assert assemble_dataset(lake, "preference_efficiency") == []
    assert read_drops(lake, "preference_efficiency") == {"a": reason, "b": reason}


def test_only_high_and_low_scores_get_a_label(lake: Lake) -> None:
    add_problem(lake, [*PROGRAMS, ScoredProgram("d", 0.95, "000"), ScoredProgram("e", 0.4, "000")])
    examples = assemble_dataset(lake, "preference_kto", kto_high=0.9, kto_low=0.4)
    assert {example["attempt_id"]: example["label"] for example in examples} == {"a": True, "c": False, "e": False}
    assert read_drops(lake, "preference_kto") == {"b": "between", "d": "passes_none"}
    [desirable] = [example for example in examples if example["label"]]
    assert [turn["role"] for turn in desirable["prompt"] + desirable["completion"]] == ["user", "assistant"]
    assert desirable["code"] in desirable["completion"][0]["content"] and desirable["score"] == 1.0


def test_a_problem_whose_scores_are_close_gives_no_labels(lake: Lake) -> None:
    add_problem(lake, [ScoredProgram("a", 1.0), ScoredProgram("b", 1.0), ScoredProgram("c", 0.98, "10")])
    assert assemble_dataset(lake, "preference_kto") == []
    assert read_drops(lake, "preference_kto") == dict.fromkeys("abc", "near_tie")


def test_overlapping_thresholds_of_labels_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"kto_low 0\.9: expected less than kto_high 0\.9"):
        PreferenceSettings(kto_low=0.9, kto_high=0.9)
