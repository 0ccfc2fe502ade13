"""The table of rankers is made of the lake's newest scores and the truth that is known, and of nothing else."""

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

Ablation = Callable[..., "Done"]
RANKED = {  # by scorer, the scores of the programs of two problems
    "self_validation@1": {"p": {"a": 1.0, "b": 0.5, "c": 0.1}, "q": {"d": 1.0, "e": 0.2}},
    "pass_all@1": {"p": {"a": 0.0, "b": 0.0, "c": 0.0}, "q": {"d": 1.0, "e": 0.0}},
    "ground_truth@1": {"p": {"a": 1.0, "b": 0.0, "c": 0.5}, "q": {"d": 0.5, "e": 1.0}},
}


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


@pytest.fixture
def ablation(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """What the bench says and ends with."""

    def run(*words: object) -> Done:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    for scorer, problems in RANKED.items():
        for problem, programs in problems.items():
            at: dict[str, Any] = {"problem_id": problem, "scorer": scorer, "matrix_id": f"new {problem}"}
            made.append(RANKINGS, [row(RANKINGS, **at)])
            made.append(SCORES, [row(SCORES, **at, attempt_id=a, value=value) for a, value in programs.items()])
            at["matrix_id"] = "old"  # of a program that the newest matrix does not hold
            made.append(SCORES, [row(SCORES, **at, attempt_id=f"left {problem}", value=9.0)])
    return made


def test_rankers_are_compared_with_ground_truth_on_the_newest_matrix(lake: Lake, ablation: Ablation) -> None:
    done = ablation(lake.root)
    found = json.loads(done.stdout)
    assert (found["problems"], found["programs"], found["without_truth"]) == (2, 5, 0)
    assert found["base"] == {"right": 0.4, "problems_all_right": 0, "problems_all_wrong": 0}
    own, every = found["rankers"]["self_validation@1"], found["rankers"]["pass_all@1"]
    assert set(found["rankers"]) == {"self_validation@1", "pass_all@1"}
    assert own["paper_spearman"] == 0.86 and every["paper_spearman"] == 0.61
    assert own["accuracy"]["spearman"]["left_out"] == pytest.approx((0.5 - 1) / 2)
    assert own["accuracy"]["kendall"]["left_out"] == pytest.approx((1 / 3 - 1) / 2, abs=1e-4)
    assert every["accuracy"]["spearman"] | {"pooled": None} == {
        "problems": 2, "constant_scores": 1, "constant_truth": 0, "undefined": 1,
        "left_out": -1.0, "as_zero": -0.5, "silent_as_zero": -0.5, "pooled": None,
    }  # fmt: skip
    assert own["picks"] == {"pairs": 2, "chosen_right": 0.5, "rejected_wrong": 0.5, "both": 0.5}
    assert own["picks_where_both_exist"] == own["picks"]  # here every problem has both
    assert every["picks"] == {"pairs": 1, "chosen_right": 0.0, "rejected_wrong": 0.0, "both": 0.0}
    assert "self_validation@1" in done.stderr and "chosen right" in done.stderr


def test_truth_may_come_from_a_file_and_programs_it_does_not_name_are_counted(
    lake: Lake, tmp_path: Path, ablation: Ablation
) -> None:
    file = tmp_path / "plus.parquet"
    pq.write_table(pa.table({"attempt_id": ["a", "b", "d", "x"], "passed": [2, 3, 0, 1], "total": [4, 3, 9, 1]}), file)
    found = json.loads(ablation(lake.root, "--truth", file).stdout)
    assert (found["truth"], found["problems"], found["programs"], found["without_truth"]) == ("plus.parquet", 2, 3, 2)
    figures = found["rankers"]["self_validation@1"]["accuracy"]["spearman"]
    assert (figures["problems"], figures["left_out"]) == (1, -1.0)  # a problem of one program can't be ranked
    assert found["rankers"]["self_validation@1"]["picks_where_both_exist"]["pairs"] == 1
    pq.write_table(pa.table({"attempt_id": ["a", "b"], "passed": [1, 2], "total": [9, 9]}), file)
    rankers = json.loads(ablation(lake.root, "--truth", file).stdout)["rankers"]
    picked, mixed = (rankers["self_validation@1"][which] for which in ("picks", "picks_where_both_exist"))
    assert picked == {"pairs": 1, "chosen_right": 0.0, "rejected_wrong": 1.0, "both": 0.0} and mixed["pairs"] == 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"attempt_id": ["a", "a"], "passed": [1, 1], "total": [1, 1]}, "some come twice"),
        ({"attempt_id": ["a"], "passed": [2], "total": [1]}, "expected 0 <= passed <= total"),
        ({"attempt_id": ["a"], "passed": [0], "total": [0]}, "total >= 1"),
        ({"attempt_id": ["a"], "passed": [0]}, "there is no total"),
    ],
)
def test_a_file_that_is_no_truth_is_refused_in_one_line(
    lake: Lake, tmp_path: Path, columns: dict[str, list[Any]], words: str, ablation: Ablation
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "bad.parquet")
    done = ablation(lake.root, "--truth", tmp_path / "bad.parquet")
    assert done.code == 2 and done.stdout == "" and words in done.stderr and done.stderr.count("\n") == 1


def test_a_lake_without_scores_and_a_missing_file_are_refused(lake: Lake, tmp_path: Path, ablation: Ablation) -> None:
    empty, missing = ablation(tmp_path / "none"), ablation(lake.root, "--truth", tmp_path / "none.parquet")
    assert empty.code == missing.code == 2
    assert "no scores in this lake" in empty.stderr and "none.parquet: expected Parquet" in missing.stderr
    assert not (tmp_path / "none").exists()
