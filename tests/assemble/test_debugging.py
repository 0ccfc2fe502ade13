"""Debugging examples: the programs that become examples, and the reason of every program left out."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT
from storage.ids import content_id
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, BUGS, DIAGNOSES, EXECUTIONS, PROBLEMS
from tasks.assemble.settings import AssembleSettings
from tasks.assemble.task import assemble_debugging
from tests.builders import row

TESTS = '{"kind": "asserts", "setup": "", "asserts": ["assert f() == 1"]}'
PROBLEM_KEY = {"problem_id": "0000p", "bucket": 0}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """One problem: a wrong first attempt `wrong`, its diagnosis `d`, and its repair `repair`."""
    problem = row(PROBLEMS, **PROBLEM_KEY, prompt="Write f.", entry_point="f", tests=TESTS, reference="ref")
    lake.append(PROBLEMS, [problem])
    lake.append(
        ATTEMPTS,
        [
            row(ATTEMPTS, attempt_id="ref", kind="reference", code="ref", **PROBLEM_KEY),
            row(ATTEMPTS, attempt_id="wrong", kind="generate", code="wrong", **PROBLEM_KEY),
            row(
                ATTEMPTS, attempt_id="repair", kind="repair", round=1, code="right", parent_attempt_id="wrong",
                diagnosis_id="d", **PROBLEM_KEY,
            ),
        ],
    )  # fmt: skip
    diagnosis = row(DIAGNOSES, diagnosis_id="d", attempt_id="wrong", explanation="It is wrong.", **PROBLEM_KEY)
    lake.append(DIAGNOSES, [diagnosis])
    return lake


def add_verdict(lake: Lake, attempt_id: str, verdict: str, *flags: str, judge_version: int = 1) -> None:
    execution = row(
        EXECUTIONS, attempt_id=attempt_id, verdict=verdict, flags=list(flags), suite="given",
        judge_version=judge_version, **PROBLEM_KEY,
    )  # fmt: skip
    lake.append(EXECUTIONS, [execution])


def add_verified_repair(lake: Lake) -> None:
    for attempt_id, verdict in (("ref", "passed"), ("wrong", "failed"), ("repair", "passed")):
        add_verdict(lake, attempt_id, verdict)


def assemble(lake: Lake, **settings: Any) -> tuple[list[str], dict[str, str]]:
    """Assemble debugging_sft; return the forms of its examples, and the reason of every row left out, by id."""
    assemble_debugging.fn(lake.settings, AssembleSettings(**settings))
    with Catalog(lake) as catalog:
        examples = catalog.rows("select form from debugging_sft order by form")
        drops = catalog.rows("select row_id, reason from drops")
    return [example["form"] for example in examples], {drop["row_id"]: drop["reason"] for drop in drops}


def test_a_verified_repair_gives_an_example_in_both_forms(lake: Lake) -> None:
    add_verified_repair(lake)
    assert assemble(lake) == (["explain_repair", "repair"], {})


@pytest.mark.parametrize(
    ("wrong", "repair", "reference", "reasons"),
    [
        pytest.param(
            ("failed",), ("failed",), "passed", {"wrong": "not_repaired", "repair": "repair_wrong"},
            id="repair fails",
        ),
        pytest.param(
            ("failed",), ("infra",), "passed", {"wrong": "not_repaired", "repair": "infra"}, id="repair infra"
        ),
        pytest.param(
            ("infra",), ("passed",), "passed", {"wrong": "infra", "repair": "cause_unusable"}, id="cause infra"
        ),
        pytest.param(
            ("failed", "tampered"), ("passed",), "passed", {"wrong": "flagged", "repair": "cause_unusable"},
            id="cause tampered",
        ),
        pytest.param(
            ("failed", "flaky"), ("passed",), "passed", {"wrong": "flagged", "repair": "cause_unusable"},
            id="cause flaky",
        ),
        pytest.param(
            ("failed",), ("passed", "tampered"), "passed", {"wrong": "not_repaired", "repair": "flagged"},
            id="repair tampered",
        ),
        pytest.param(
            ("failed",), ("passed", "flaky"), "passed", {"wrong": "not_repaired", "repair": "flagged"},
            id="repair flaky",
        ),
        pytest.param(
            ("failed",), ("passed", "shared"), "passed", {"wrong": "not_repaired", "repair": "shared"},
            id="repair shared",
        ),
        pytest.param(
            ("failed",), ("passed",), "failed", {"wrong": "reference_failed", "repair": "reference_failed"},
            id="bad reference",
        ),
    ],
)  # fmt: skip
def test_a_program_that_cannot_be_trusted_is_left_out_with_its_reason(
    lake: Lake, wrong: tuple[str, ...], repair: tuple[str, ...], reference: str, reasons: dict[str, str]
) -> None:
    add_verdict(lake, "ref", reference)
    add_verdict(lake, "wrong", *wrong)
    add_verdict(lake, "repair", *repair)
    assert assemble(lake) == ([], reasons)


def test_a_right_first_attempt_is_plain_generation(lake: Lake) -> None:
    add_verdict(lake, "ref", "passed")
    add_verdict(lake, "wrong", "passed")
    assert assemble(lake) == (["generate"], {"repair": "unjudged"})


def add_right_sibling(lake: Lake, code: str) -> None:
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=code, kind="generate", sample_index=1, code=code, **PROBLEM_KEY)])
    add_verdict(lake, code, "passed")


def read_repairs(lake: Lake) -> list[tuple[str, str, str]]:
    with Catalog(lake) as catalog:
        rows = catalog.rows(
            "select origin, wrong_code, code from debugging_sft where form = 'repair' order by origin, wrong_code, code"
        )
    return [(row["origin"], row["wrong_code"], row["code"]) for row in rows]


def test_a_wrong_first_attempt_is_paired_with_the_nearest_right_one(lake: Lake) -> None:
    add_verdict(lake, "ref", "passed")
    add_verdict(lake, "wrong", "failed")
    add_right_sibling(lake, "wrong + far + away")
    add_right_sibling(lake, "wrong + near")
    assert assemble(lake, max_sibling_distance=0.9)[0] == ["generate", "generate", "repair"]
    assert read_repairs(lake) == [("sibling", "wrong", "wrong + near")]


@pytest.mark.parametrize("settings", [{"max_sibling_distance": 0.1}, {"origins": ("model",)}], ids=["far", "left out"])
def test_no_sibling_is_taken_beyond_the_settings(lake: Lake, settings: dict[str, Any]) -> None:
    add_verdict(lake, "ref", "passed")
    add_verdict(lake, "wrong", "failed")
    add_right_sibling(lake, "wrong + near")
    forms, drops = assemble(lake, **settings)
    assert forms == ["generate"]
    assert drops["wrong"] == "not_repaired"


def test_a_program_with_a_bug_that_the_tests_find_is_repaired_by_the_program_without(lake: Lake) -> None:
    add_verdict(lake, "ref", "passed")
    bugs = {"found": "failed", "slow": "timeout", "hidden": "passed", "waiting": None, "unsure": "infra"}
    for index, (bug_id, verdict) in enumerate(bugs.items()):
        bug = row(
            BUGS, bug_id=bug_id, attempt_id="ref", bug_index=index, operators=["constant"], code=f"ref {bug_id}",
            **PROBLEM_KEY,
        )  # fmt: skip
        lake.append(BUGS, [bug])
        if verdict:
            add_verdict(lake, bug_id, verdict)
    forms, drops = assemble(lake)
    assert forms == ["repair", "repair"]
    assert read_repairs(lake) == [("injected", "ref found", "ref"), ("injected", "ref slow", "ref")]
    assert {bug_id: drops[bug_id] for bug_id in bugs if bug_id in drops} == {
        "hidden": "bug_not_found", "waiting": "unjudged", "unsure": "infra",
    }  # fmt: skip


def test_the_newest_judge_decides(lake: Lake) -> None:
    add_verified_repair(lake)
    add_verdict(lake, "repair", "failed", judge_version=2)
    assert assemble(lake)[0] == []


def test_assembling_again_writes_nothing(lake: Lake) -> None:
    add_verified_repair(lake)
    assemble(lake)
    versions = lake.versions()
    assemble(lake)
    assert lake.versions() == versions


def test_an_assembly_killed_before_its_last_write_is_done_again(lake: Lake) -> None:
    add_verified_repair(lake)
    forms, drops = assemble(lake)
    shutil.rmtree(lake.uri(DEBUGGING_SFT))
    assert assemble(lake) == (forms, drops) and forms


def test_parts_of_a_bucket_give_the_same_rows_as_whole_buckets(tmp_path: Path) -> None:
    """Parts are ranges of problem ids, so the ids here are hashes, as real ones are."""
    tables = []
    for problems_per_part in (2000, 3):
        lake = Lake(LakeSettings(path=str(tmp_path / f"lake{problems_per_part}"), buckets=3))
        _add_first_attempts(lake, problems=40)
        assemble_debugging.fn(lake.settings, AssembleSettings(), problems_per_part)
        with Catalog(lake) as catalog:
            tables.append([catalog.rows(f"select * from {name} order by all") for name in ("debugging_sft", "drops")])
        versions = lake.versions()
        assemble_debugging.fn(lake.settings, AssembleSettings(), problems_per_part)
        assert lake.versions() == versions
    assert tables[0] == tables[1] and [len(rows) for rows in tables[0]] == [26, 14]


def _add_first_attempts(lake: Lake, problems: int) -> None:
    """Add problems with a first attempt each, of which every third is wrong."""
    for number in range(problems):
        problem_id = content_id("problem", n=number)
        key = {"problem_id": problem_id, "bucket": lake.bucket_of(problem_id)}
        attempt_id, verdict = f"a{number}", "passed" if number % 3 else "failed"
        lake.append(PROBLEMS, [row(PROBLEMS, **key, prompt="Write f.", entry_point="f", tests=TESTS)])
        lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=attempt_id, kind="generate", code=f"code {number}", **key)])
        execution = row(EXECUTIONS, attempt_id=attempt_id, verdict=verdict, suite="given", judge_version=1, **key)
        lake.append(EXECUTIONS, [execution])
