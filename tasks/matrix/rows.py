"""The matrix: the job that a program and the tests it lacks become."""

from collections.abc import Mapping
from typing import Any

from judge.problems import Asserts
from judge.protocol import Job, Limits
from storage.ids import content_id


def suite_id(lacking: list[str], conditions_id: str) -> str:
    """Some generated tests in their order, under these conditions."""
    return content_id("suite", tests=lacking, conditions=conditions_id)


def job(row: Mapping[str, Any], limits: Limits) -> Job:
    """A row of pending_matrix.sql as the judge wants it; every test has the limits to itself."""
    tests = Asserts(kind="asserts", asserts=tuple(row["lacking"]))
    return Job(row["attempt_id"], row["code"], row["context"], row["entry_point"], tests, limits, each=True)
