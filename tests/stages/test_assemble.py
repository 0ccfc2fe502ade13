"""What may and what may not become an example, and that each row left out has its reason."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT
from storage.ids import content_id
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DIAGNOSES, EXECUTIONS, PROBLEMS
from tasks.assemble.settings import AssembleSettings
from tasks.assemble.task import assemble
from tests.builders import row

TESTS = '{"kind": "asserts", "setup": "", "asserts": ["assert f() == 1"]}'
P = {"problem_id": "0000p", "bucket": 0}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """One problem; a wrong first attempt `w`, its diagnosis `d`, and a right repair `r`."""
    made = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    made.append(PROBLEMS, [row(PROBLEMS, **P, prompt="Write f.", entry_point="f", tests=TESTS, reference="ref")])
    made.append(
        ATTEMPTS,
        [
            row(ATTEMPTS, attempt_id="ref", kind="reference", code="ref", **P),
            row(ATTEMPTS, attempt_id="w", kind="generate", code="wrong", **P),
            row(
                ATTEMPTS, attempt_id="r", kind="repair", round=1, code="right", parent_attempt_id="w",
                diagnosis_id="d", **P,
            ),
        ],
    )  # fmt: skip
    made.append(DIAGNOSES, [row(DIAGNOSES, diagnosis_id="d", attempt_id="w", explanation="It is wrong.", **P)])
    return made


def judge(lake: Lake, attempt: str, verdict: str, *flags: str) -> None:
    lake.append(
        EXECUTIONS,
        [row(EXECUTIONS, attempt_id=attempt, verdict=verdict, flags=list(flags), suite="given", judge_version=1, **P)],
    )


def forms_and_drops(lake: Lake, **settings: Any) -> tuple[list[str], dict[str, str]]:
    assemble.fn(lake.settings, AssembleSettings(**settings))
    with Catalog(lake) as catalog:
        forms = [r["form"] for r in catalog.rows("select form from debugging_sft order by form")]
        return forms, {r["row_id"]: r["reason"] for r in catalog.rows("select row_id, reason from drops")}


def test_a_verified_repair_comes_in_both_forms(lake: Lake) -> None:
    judge(lake, "ref", "passed")
    judge(lake, "w", "failed")
    judge(lake, "r", "passed")
    assert forms_and_drops(lake) == (["explain_repair", "repair"], {})


@pytest.mark.parametrize(
    ("wrong", "repair", "reference", "reasons"),
    [
        pytest.param(("failed",), ("failed",), "passed", {"w": "not_repaired", "r": "repair_wrong"}, id="repair fails"),
        pytest.param(("failed",), ("infra",), "passed", {"w": "not_repaired", "r": "infra"}, id="repair infra"),
        pytest.param(("infra",), ("passed",), "passed", {"w": "infra", "r": "cause_unusable"}, id="cause infra"),
        pytest.param(
            ("failed", "tampered"), ("passed",), "passed", {"w": "flagged", "r": "cause_unusable"}, id="cause tampered"
        ),
        pytest.param(
            ("failed", "flaky"), ("passed",), "passed", {"w": "flagged", "r": "cause_unusable"}, id="cause flaky"
        ),
        pytest.param(
            ("failed",), ("passed", "tampered"), "passed", {"w": "not_repaired", "r": "flagged"}, id="repair tampered"
        ),
        pytest.param(
            ("failed",), ("passed", "flaky"), "passed", {"w": "not_repaired", "r": "flagged"}, id="repair flaky"
        ),
        pytest.param(
            ("failed",), ("passed", "shared"), "passed", {"w": "not_repaired", "r": "shared"}, id="repair shared"
        ),
        pytest.param(
            ("failed",), ("passed",), "failed", {"w": "reference_failed", "r": "reference_failed"}, id="bad reference"
        ),
    ],
)
def test_what_cannot_be_trusted_is_left_out_with_its_reason(
    lake: Lake, wrong: tuple[str, ...], repair: tuple[str, ...], reference: str, reasons: dict[str, str]
) -> None:
    judge(lake, "ref", reference)
    judge(lake, "w", *wrong)
    judge(lake, "r", *repair)
    assert forms_and_drops(lake) == ([], reasons)


def test_a_right_first_attempt_is_plain_generation(lake: Lake) -> None:
    judge(lake, "ref", "passed")
    judge(lake, "w", "passed")
    assert forms_and_drops(lake) == (["generate"], {"r": "unjudged"})


def test_the_newest_judge_decides(lake: Lake) -> None:
    judge(lake, "ref", "passed")
    judge(lake, "w", "failed")
    judge(lake, "r", "passed")
    newer = row(EXECUTIONS, attempt_id="r", verdict="failed", suite="given", judge_version=2, **P)
    lake.append(EXECUTIONS, [newer])
    assert forms_and_drops(lake)[0] == []


def test_assembling_again_writes_nothing_and_keeps_what_it_was_made_from(lake: Lake) -> None:
    judge(lake, "ref", "passed")
    judge(lake, "w", "failed")
    judge(lake, "r", "passed")
    forms_and_drops(lake)
    before = lake.versions()
    forms_and_drops(lake)
    assert lake.versions() == before


def test_an_assembly_that_was_killed_before_its_last_write_is_made_again(lake: Lake) -> None:
    judge(lake, "ref", "passed")
    judge(lake, "w", "failed")
    judge(lake, "r", "passed")
    made = forms_and_drops(lake)
    shutil.rmtree(lake.uri(DEBUGGING_SFT))
    assert forms_and_drops(lake) == made and made[0]


def test_in_parts_the_same_is_made_as_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are cut by the ids' heads, so the ids here are hashes, as real ones are."""
    made = []
    for part in (2000, 3):
        monkeypatch.setattr("tasks.assemble.task.A_PART", part)
        lake = Lake(LakeSettings(path=str(tmp_path / f"lake{part}"), buckets=3))
        for n in range(40):
            problem = content_id("problem", n=n)
            mine = {"problem_id": problem, "bucket": lake.bucket_of(problem)}
            lake.append(PROBLEMS, [row(PROBLEMS, **mine, prompt="Write f.", entry_point="f", tests=TESTS)])
            lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=f"a{n}", kind="generate", code=f"code {n}", **mine)])
            verdict = "passed" if n % 3 else "failed"
            ran = row(EXECUTIONS, attempt_id=f"a{n}", verdict=verdict, suite="given", judge_version=1, **mine)
            lake.append(EXECUTIONS, [ran])
        forms_and_drops(lake)
        with Catalog(lake) as catalog:
            names = ("debugging_sft", "drops")
            made.append({name: catalog.rows(f"select * from {name} order by all") for name in names})
        before = lake.versions()
        forms_and_drops(lake)
        assert lake.versions() == before
    assert made[0] == made[1] and [len(rows) for rows in made[0].values()] == [26, 14]
