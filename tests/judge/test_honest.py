"""Honest programs pass; the awkward ones are in the table of attacks."""

import json
from pathlib import Path
from typing import TypedDict

import pytest

from judge.problems import Asserts
from judge.protocol import Job, Limits, Sandbox

MBPP = Path(__file__).parents[3] / "shared" / "data" / "mbpp" / "mbpp_dev.jsonl"


class MbppProblem(TypedDict):
    """One line of MBPP."""

    task_id: int
    code: str
    test_setup_code: str
    test_list: list[str]
    challenge_test_list: list[str]


def make_job(problem: MbppProblem) -> Job:
    """Return the job of the problem's own solution."""
    tests = Asserts(
        setup=problem["test_setup_code"], asserts=(*problem["test_list"], *problem["challenge_test_list"])
    )  # fmt: skip
    return Job(str(problem["task_id"]), problem["code"], "", None, tests, Limits(cpu_s=60.0, wall_s=240.0))


@pytest.mark.skipif(not MBPP.exists(), reason=f"{MBPP.name} is not beside the repository")
def test_every_solution_of_mbpp_passes(sandbox: Sandbox) -> None:
    jobs = [make_job(json.loads(line)) for line in MBPP.read_text(encoding="utf-8").splitlines()]
    wrong = [(row.job_id, row.verdict, row.feedback) for row in sandbox.judge(jobs) if row.verdict != "passed"]
    assert wrong == [] and len(jobs) > 100
