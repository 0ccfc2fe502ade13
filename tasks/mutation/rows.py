"""The mutants that a problem lacks, the job of each, and the row of a verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from judge.problems import JUDGED
from judge.protocol import JUDGE_VERSION, Job, Judged, Limits
from storage.ids import content_id
from storage.pending import PendingMutation
from storage.rows import DropRow, MutantRow
from tasks.mutating.limits import limits_of_mutants
from tasks.mutating.mutate import MUTATOR_VERSION, Mutant, mutate_program
from tasks.reading.calibration import calibrated


@dataclass(frozen=True)
class PendingMutant:
    """A mutant that lacks a verdict."""

    mutant_id: str
    index: int
    """Its place among the reference's mutants, from 0."""
    possible: int | None
    """Mutants that the reference has; None where there are more than were asked for."""
    mutant: Mutant
    reference: PendingMutation


def pending_mutants(row: PendingMutation, count: int) -> list[PendingMutant]:
    """Return those of the first `count` mutants of a reference that are not judged yet."""
    first = list(islice(mutate_program(row["code"]), count + 1))  # one more tells whether there are more
    possible = len(first) if len(first) <= count else None
    pending = [
        PendingMutant(
            content_id("mutant", reference=row["attempt_id"], version=MUTATOR_VERSION, code=mutant.code),
            index, possible, mutant, row,
        )
        for index, mutant in enumerate(first[:count])
    ]  # fmt: skip
    present = set(row["present"])
    return [mutant for mutant in pending if mutant.mutant_id not in present]


def jobs_of(row: PendingMutation, pending: Sequence[PendingMutant], limits: Limits) -> Iterator[Job]:
    """Yield the judge's job for each mutant of one reference."""
    tests = JUDGED.validate_json(row["tests"])
    mutant_limits = limits_of_mutants(limits, row["cpu_ms"], row["wall_ms"])
    for mutant in pending:
        job = Job(mutant.mutant_id, mutant.mutant.code, row["context"], row["entry_point"], tests, mutant_limits)
        yield calibrated(job, row["calibration"])


def mutant_row(pending: PendingMutant, judged: Judged, suite_id: str, created_at: datetime) -> MutantRow:
    """Return the row of one verdict; an infrastructure error leaves open whether the tests kill the mutant."""
    return {
        "mutant_id": pending.mutant_id,
        "suite_id": suite_id,
        "judge_version": JUDGE_VERSION,
        "problem_id": pending.reference["problem_id"],
        "bucket": pending.reference["bucket"],
        "attempt_id": pending.reference["attempt_id"],
        "mutator_version": MUTATOR_VERSION,
        "mutant_index": pending.index,
        "possible": pending.possible,
        "operator": pending.mutant.operator,
        "line": pending.mutant.line,
        "code": pending.mutant.code,
        "verdict": judged.verdict,
        "killed": None if judged.verdict == "infra" else judged.verdict != "passed",
        "created_at": created_at,
    }


def drop_without_mutants(row: PendingMutation) -> DropRow:
    """Return the drop of a reference that no operator can change."""
    return {
        "stage": "strength",  # the stage's name in lakes that exist
        "row_id": f"{row['attempt_id']}@{MUTATOR_VERSION}",
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "reason": "no_mutants",
        "detail": "the reference offers no place for a mutation",
    }
