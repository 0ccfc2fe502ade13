"""Test strength: the mutants a problem still lacks, the job each becomes, and the row a verdict becomes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from judge.problems import JUDGED
from judge.protocol import JUDGE_VERSION, Job, Judged, Limits
from storage.ids import content_id
from tasks.mutation.mutate import MUTATOR_VERSION, mutants

LEAST_CPU_S = 1.0
SLACK = 5.0  # times what the reference took: a mutant that takes longer has as good as failed
WALL_PER_CPU = 10.0  # a loaded machine gives a busy program a fraction of its time


def lacking(row: Mapping[str, Any], wanted: int) -> list[dict[str, Any]]:
    """Of the first `wanted` mutants of a row of pending_strength.sql those not judged yet, as rows without verdict.

    `possible` is how many there are, where that is not more than `wanted`: one more is made to find out.
    """
    found = list(islice(mutants(row["code"]), wanted + 1))
    present = set(row["present"])
    made = [
        {
            "mutant_id": content_id("mutant", reference=row["attempt_id"], version=MUTATOR_VERSION, code=mutant.code),
            "judge_version": JUDGE_VERSION,
            "problem_id": row["problem_id"],
            "bucket": row["bucket"],
            "attempt_id": row["attempt_id"],
            "mutator_version": MUTATOR_VERSION,
            "mutant_index": index,
            "possible": len(found) if len(found) <= wanted else None,
            "operator": mutant.operator,
            "line": mutant.line,
            "code": mutant.code,
        }
        for index, mutant in enumerate(found[:wanted])
    ]
    return [mutant for mutant in made if mutant["mutant_id"] not in present]


def limits(given: Limits, cpu_ms: float, wall_ms: float) -> Limits:
    """What a mutant may use, of what its reference used: endless loops are common among mutants."""
    cpu_s = min(given.cpu_s, max(LEAST_CPU_S, SLACK * cpu_ms / 1000))
    wall_s = min(given.wall_s, max(WALL_PER_CPU * cpu_s, SLACK * wall_ms / 1000))
    return given.model_copy(update={"cpu_s": cpu_s, "wall_s": wall_s})


def jobs(row: Mapping[str, Any], asked: list[dict[str, Any]], given: Limits) -> Iterator[Job]:
    """The mutants of one reference as the judge wants them."""
    tests, bounded = JUDGED.validate_json(row["tests"]), limits(given, row["cpu_ms"], row["wall_ms"])
    for mutant in asked:
        yield Job(mutant["mutant_id"], mutant["code"], row["context"], row["entry_point"], tests, bounded)


def judged_row(mutant: Mapping[str, Any], judged: Judged, suite_id: str) -> dict[str, Any]:
    """The row of one verdict; where the failure was ours, nobody knows whether the tests would have killed it."""
    killed = None if judged.verdict == "infra" else judged.verdict != "passed"
    return {
        **mutant, "suite_id": suite_id, "verdict": judged.verdict, "killed": killed, "created_at": datetime.now(UTC),
    }  # fmt: skip


def without_mutants(row: Mapping[str, Any]) -> dict[str, Any]:
    """The drop of a reference that no operator can change."""
    return {
        "stage": "strength",
        "row_id": f"{row['attempt_id']}@{MUTATOR_VERSION}",
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "reason": "no_mutants",
        "detail": "the reference offers no place for a mutation",
    }
