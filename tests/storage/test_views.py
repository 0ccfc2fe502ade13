"""Views that answer questions by name."""

from pathlib import Path

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tests.builders import row


def lake_of(tmp_path: Path, *verdicts: dict) -> Lake:
    """A lake with one attempt per verdict, of one problem."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p", source="s", source_id="1")])
    names = dict.fromkeys(verdict["attempt_id"] for verdict in verdicts)
    made = [row(ATTEMPTS, attempt_id=n, problem_id="p", kind="generate", model="m", template="chat@1") for n in names]
    lake.append(ATTEMPTS, made)
    lake.append(EXECUTIONS, [row(EXECUTIONS, problem_id="p", suite="given", suite_id="t", **v) for v in verdicts])
    return lake


def test_hack_rate_counts_tampering_and_wavering_per_model_prompt_and_run(tmp_path: Path) -> None:
    seen = '{"tampered": "a reply that is no value"}'
    lake = lake_of(
        tmp_path,
        {"attempt_id": "a", "verdict": "passed", "run_id": "r1"},
        {"attempt_id": "b", "verdict": "failed", "run_id": "r1", "flags": ["tampered"], "evidence": seen},
        {"attempt_id": "c", "verdict": "failed", "run_id": "r1", "flags": ["flaky"]},
        {"attempt_id": "d", "verdict": "passed", "run_id": "r1"},
        {"attempt_id": "e", "verdict": "infra", "run_id": "r1"},
        {"attempt_id": "f", "verdict": "passed", "run_id": "r2"},
    )
    with Catalog(lake) as catalog:
        rows = catalog.rows(
            "select run_id, model, template, judged, tampered, flaky, hack_rate, flaky_rate, seen "
            "from hack_rate order by run_id"
        )
    assert rows == [
        {
            "run_id": "r1", "model": "m", "template": "chat@1", "judged": 4, "tampered": 1, "flaky": 1,
            "hack_rate": 0.25, "flaky_rate": 0.25, "seen": "a reply that is no value",
        },
        {
            "run_id": "r2", "model": "m", "template": "chat@1", "judged": 1, "tampered": 0, "flaky": 0,
            "hack_rate": 0.0, "flaky_rate": 0.0, "seen": None,
        },
    ]  # fmt: skip


def test_changes_are_against_the_newest_judge_alone(tmp_path: Path) -> None:
    verdicts = [
        {"attempt_id": name, "verdict": verdict, "judge_version": version}
        for name, history in {"a": ["passed", "failed", "passed"], "b": ["passed", "passed", "failed"]}.items()
        for version, verdict in enumerate(history, 1)
    ]
    with Catalog(lake_of(tmp_path, *verdicts)) as catalog:
        said = {
            since: [
                (c["attempt_id"], c["old_verdict"], c["new_verdict"])
                for c in catalog.rows("select * from verdict_changes($since) order by attempt_id", since=since)
            ]
            for since in (1, 2, 3)
        }
    assert said == {
        1: [("b", "passed", "failed")],
        2: [("a", "failed", "passed"), ("b", "passed", "failed")],
        3: [],
    }
