"""The table of rankers holds the lake's newest scores and the known truth, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.ablation import main
from storage.lake import Lake, LakeSettings
from storage.tables import RANKINGS, SCORES
from tests.builders import row

Ablation = Callable[..., "CommandResult"]
SCORES_OF_SCORERS = {  # the scores of the programs of two problems, by scorer
    "self_validation@1": {"p": {"a": 1.0, "b": 0.5, "c": 0.1}, "q": {"d": 1.0, "e": 0.2}},
    "pass_all@1": {"p": {"a": 0.0, "b": 0.0, "c": 0.0}, "q": {"d": 1.0, "e": 0.0}},
    "ground_truth@1": {"p": {"a": 1.0, "b": 0.0, "c": 0.5}, "q": {"d": 0.5, "e": 1.0}},
}


@dataclass(frozen=True)
class CommandResult:
    """Exit status and output."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def ablation(capsys: pytest.CaptureFixture[str]) -> Callable[..., CommandResult]:
    """Run the bench with command line arguments."""

    def run(*words: object) -> CommandResult:
        code = main([str(word) for word in words])
        output = capsys.readouterr()
        return CommandResult(code, output.out, output.err)

    return run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    for scorer, problems in SCORES_OF_SCORERS.items():
        for problem, programs in problems.items():
            ids: dict[str, Any] = {"problem_id": problem, "scorer": scorer, "matrix_id": f"new {problem}"}
            lake.append(RANKINGS, [row(RANKINGS, **ids)])
            lake.append(SCORES, [row(SCORES, **ids, attempt_id=a, value=value) for a, value in programs.items()])
            ids["matrix_id"] = "old"  # scores of programs that the newest matrix does not hold
            lake.append(SCORES, [row(SCORES, **ids, attempt_id=f"left {problem}", value=9.0)])
    return lake


def test_rankers_are_compared_with_ground_truth_on_the_newest_matrix(lake: Lake, ablation: Ablation) -> None:
    result = ablation(lake.root)
    report = json.loads(result.stdout)
    assert (report["problems"], report["programs"], report["without_truth"]) == (2, 5, 0)
    assert report["base"] == {"right": 0.4, "problems_all_right": 0, "problems_all_wrong": 0}
    validation, pass_all = report["rankers"]["self_validation@1"], report["rankers"]["pass_all@1"]
    assert set(report["rankers"]) == {"self_validation@1", "pass_all@1"}
    assert validation["paper_spearman"] == 0.86 and pass_all["paper_spearman"] == 0.61
    assert validation["accuracy"]["spearman"]["left_out"] == pytest.approx((0.5 - 1) / 2)
    assert validation["accuracy"]["kendall"]["left_out"] == pytest.approx((1 / 3 - 1) / 2, abs=1e-4)
    assert pass_all["accuracy"]["spearman"] | {"pooled": None} == {
        "problems": 2, "constant_scores": 1, "constant_truth": 0, "undefined": 1,
        "left_out": -1.0, "as_zero": -0.5, "silent_as_zero": -0.5, "pooled": None,
    }  # fmt: skip
    assert validation["picks"] == {"pairs": 2, "chosen_right": 0.5, "rejected_wrong": 0.5, "both": 0.5}
    assert validation["picks_where_both_exist"] == validation["picks"]  # here every problem has both
    assert pass_all["picks"] == {"pairs": 1, "chosen_right": 0.0, "rejected_wrong": 0.0, "both": 0.0}
    assert "self_validation@1" in result.stderr and "chosen right" in result.stderr


def test_truth_may_come_from_a_file_and_programs_without_truth_are_counted(
    lake: Lake, tmp_path: Path, ablation: Ablation
) -> None:
    file = tmp_path / "plus.parquet"
    pq.write_table(pa.table({"attempt_id": ["a", "b", "d", "x"], "passed": [2, 3, 0, 1], "total": [4, 3, 9, 1]}), file)
    report = json.loads(ablation(lake.root, "--truth", file).stdout)
    counts = report["problems"], report["programs"], report["without_truth"]
    assert (report["truth"], *counts) == ("plus.parquet", 2, 3, 2)
    figures = report["rankers"]["self_validation@1"]["accuracy"]["spearman"]
    assert (figures["problems"], figures["left_out"]) == (1, -1.0)  # a problem of one program cannot be ranked
    assert report["rankers"]["self_validation@1"]["picks_where_both_exist"]["pairs"] == 1
    pq.write_table(pa.table({"attempt_id": ["a", "b"], "passed": [1, 2], "total": [9, 9]}), file)
    rankers = json.loads(ablation(lake.root, "--truth", file).stdout)["rankers"]
    picked, mixed = (rankers["self_validation@1"][which] for which in ("picks", "picks_where_both_exist"))
    assert picked == {"pairs": 1, "chosen_right": 0.0, "rejected_wrong": 1.0, "both": 0.0} and mixed["pairs"] == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param(
            {"attempt_id": ["a", "a"], "passed": [1, 1], "total": [1, 1]}, "some come twice", id="a program twice"
        ),
        pytest.param(
            {"attempt_id": ["a"], "passed": [2], "total": [1]}, "expected 0 <= passed <= total", id="too many passed"
        ),
        pytest.param({"attempt_id": ["a"], "passed": [0], "total": [0]}, "total >= 1", id="no tests"),
        pytest.param({"attempt_id": ["a"], "passed": [0]}, "there is no total", id="no column"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(
    lake: Lake, tmp_path: Path, columns: dict[str, list[Any]], message: str, ablation: Ablation
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "bad.parquet")
    result = ablation(lake.root, "--truth", tmp_path / "bad.parquet")
    assert result.code == 2 and result.stdout == "" and message in result.stderr and result.stderr.count("\n") == 1


def test_a_lake_without_scores_and_a_missing_file_are_refused(lake: Lake, tmp_path: Path, ablation: Ablation) -> None:
    empty, missing = ablation(tmp_path / "none"), ablation(lake.root, "--truth", tmp_path / "none.parquet")
    assert empty.code == missing.code == 2
    assert "no scores in this lake" in empty.stderr and "none.parquet: expected Parquet" in missing.stderr
    assert not (tmp_path / "none").exists()
