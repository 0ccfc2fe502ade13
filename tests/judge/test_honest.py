"""Honest programs pass; the awkward ones are in the table of attacks."""

import json
from pathlib import Path

import pytest

from judge.problems import Asserts
from judge.protocol import Job, Limits


def test_every_reference_of_mbpp_passes(sandbox):
    path = Path(__file__).parents[3] / "shared" / "data" / "mbpp" / "mbpp_dev.jsonl"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the repository")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    jobs = [
        Job(str(row["task_id"]), row["code"], "", None, _asserts(row), Limits(cpu_s=60.0, wall_s=240.0)) for row in rows
    ]
    wrong = [(row.job_id, row.verdict, row.feedback) for row in sandbox.judge(jobs) if row.verdict != "passed"]
    assert wrong == [] and len(jobs) > 100


def _asserts(row):
    return Asserts(
        kind="asserts", setup=row["test_setup_code"], asserts=(*row["test_list"], *row["challenge_test_list"])
    )
