"""Declare the table of requests that models left without an answer."""

import pyarrow as pa

from storage.columns import INT, TEXT, Table, column, created_at

UNANSWERED_REQUESTS = Table(
    "unanswered_requests",
    ("stage", "subject_id", "recipe_id", "sample_index"),
    "a sample that a server refused or failed to give; view unanswered has those that still lack an answer",
    pa.schema([
        column("stage", TEXT, "stage that asked"),
        column("subject_id", TEXT, "problem, wrong program (with its explanation) or seed that was asked about"),
        column("problem_id", TEXT, "the problem; null for seeds", null=True),
        column("bucket", pa.int32(), "partition"),
        column("round", INT, "round of repair that it was asked for; 0 in other stages"),
        column("recipe_id", TEXT, "address of template, model and sampling"),
        column("sample_index", INT, "which of the samples of one prompt"),
        column("model", TEXT, "name of the model"),
        column("status", TEXT, "refused (the server will not answer) or failed (every attempt went wrong)"),
        column("words", TEXT, "the server's own words, or what was wrong with its last response"),
        created_at("when it was asked last"),
    ]),
    replaceable=True,
)  # fmt: skip
