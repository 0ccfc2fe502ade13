"""Siblings: a wrong program and the nearest right one for the same problem, both first attempts."""

from collections.abc import Iterable
from itertools import groupby
from typing import TypedDict

import pyarrow as pa

from storage.columns import FLOAT, TEXT
from tasks.assemble.tokens import split_tokens, token_distance

SIBLINGS = pa.schema([("attempt_id", TEXT), ("parent_attempt_id", TEXT), ("token_distance", FLOAT)])


class SiblingProgramRow(TypedDict):
    """A row of sibling_programs.sql: a first attempt of a problem that has right and wrong ones."""

    problem_id: str
    attempt_id: str
    code: str
    is_right: bool


def find_siblings(programs: Iterable[SiblingProgramRow], max_distance: float) -> pa.Table:
    """Find the nearest right program of each wrong one.

    Args:
        programs: programs sorted by problem.
        max_distance: token edits over the longer program's tokens; a right program farther away is no sibling.

    Returns:
        A row per wrong program that has a sibling, in SIBLINGS: `attempt_id` is the right program's.
    """
    rows = []
    for _, of_problem in groupby(programs, key=lambda program: program["problem_id"]):
        tokens = [(program, split_tokens(program["code"])) for program in of_problem]
        right = [(program["attempt_id"], parts) for program, parts in tokens if program["is_right"]]
        for program, parts in tokens:
            if program["is_right"]:
                continue
            distance, attempt_id = min((token_distance(parts, other), attempt_id) for attempt_id, other in right)
            if 0 < distance <= max_distance:
                rows.append(
                    {
                        "attempt_id": attempt_id,
                        "parent_attempt_id": program["attempt_id"],
                        "token_distance": distance,
                    }
                )
    return pa.Table.from_pylist(rows, schema=SIBLINGS)
