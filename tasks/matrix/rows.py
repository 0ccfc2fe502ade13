"""The job of a program and the generated tests that it has not been run on."""

from judge.problems import Asserts
from judge.protocol import Job, Limits
from storage.ids import content_id
from storage.pending import PendingMatrix


def generated_suite_id(tests: list[str], conditions_id: str) -> str:
    """Return the address of some generated tests, in their order, under the given conditions."""
    return content_id("suite", tests=tests, conditions=conditions_id)


def job_of(row: PendingMatrix, limits: Limits) -> Job:
    """Return the judge's job for one program; every test has the limits to itself."""
    tests = Asserts(kind="asserts", asserts=tuple(row["untried_tests"]))
    return Job(row["attempt_id"], row["code"], row["context"], row["entry_point"], tests, limits, each=True)
