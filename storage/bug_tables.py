"""Declare the table of injected bugs."""

import pyarrow as pa

from storage.columns import INT, PROBLEM, TEXT, Table, column, created_at

BUGS = Table(
    "bugs",
    ("bug_id",),
    "a wrong version of a right program, made by one or two changes; judged as programs are, by its bug_id",
    pa.schema([
        column("bug_id", TEXT, "address of program, version and place in the order; attempt_id in executions"),
        *PROBLEM,
        column("attempt_id", TEXT, "the right program"),
        column("bugs_version", TEXT, "version of the code that injects"),
        column("bug_index", INT, "place in the order of the program's bugs, from 0"),
        column("operators", pa.list_(TEXT), "kinds of change, one per place"),
        column("line", INT, "line of the right program that the first change is on, from 1"),
        column("code", TEXT, "the program with the bug"),
        created_at("when the row was made"),
    ]),
)  # fmt: skip
