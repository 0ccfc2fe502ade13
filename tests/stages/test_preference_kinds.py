"""Pairs by speed, and labels."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from storage.lake import Lake, LakeSettings
from tasks.assemble.settings import PreferenceSettings
from tests.training.lakes import THREE, Program, built, drops, fill, told_apart


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))


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


def test_thresholds_of_labels_that_overlap_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"kto_low 0\.9: expected less than kto_high 0\.9"):
        PreferenceSettings(kto_low=0.9, kto_high=0.9)
