"""The rows of injected bugs, and the drop of a program that has fewer than were asked for."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from storage.ids import content_id
from storage.pending import PendingInject
from storage.rows import BugRow, DropRow
from tasks.mutating.bugs import BUGS_VERSION, inject_bugs


def bug_rows(program: PendingInject, count: int, created_at: datetime) -> Iterator[BugRow]:
    """Yield a row for each of the first `count` bugs of a program that the lake does not hold."""
    present = set(program["present"])
    for index, bug in enumerate(islice(inject_bugs(program["code"]), count)):
        if index in present:
            continue
        yield {
            "bug_id": content_id("bug", attempt=program["attempt_id"], version=BUGS_VERSION, index=index),
            "problem_id": program["problem_id"],
            "bucket": program["bucket"],
            "attempt_id": program["attempt_id"],
            "bugs_version": BUGS_VERSION,
            "bug_index": index,
            "operators": list(bug.operators),
            "line": bug.line,
            "code": bug.code,
            "created_at": created_at,
        }


def drop_exhausted(program: PendingInject, bugs: int) -> DropRow:
    """Return the drop that says that a program offers no further places for bugs."""
    return {
        "stage": "inject",
        "row_id": f"{program['attempt_id']}@{BUGS_VERSION}",
        "problem_id": program["problem_id"],
        "bucket": program["bucket"],
        "reason": "no_more_bugs",
        "detail": f"the program offers places for {bugs}",
    }
