"""Debugging examples: rows of debugging_sft.sql in TRL's conversational prompt-completion form."""

from collections.abc import Iterable
from typing import TypedDict

import pyarrow as pa

from storage.dataset_tables import DEBUGGING_SFT
from storage.ids import content_id
from storage.rows import DebuggingSftRow
from tasks.assemble.tokens import split_tokens, token_distance
from tasks.assemble.turns import load_form_template, render_turns


class VerifiedProgramRow(TypedDict):
    """A row of storage/sql/debugging_sft.sql: a program that passed, beside the wrong program it repairs, if any."""

    form: str
    origin: str | None
    attempt_id: str
    problem_id: str
    bucket: int
    code: str
    model: str
    round: int
    judge_version: int
    parent_attempt_id: str | None
    diagnosis_id: str | None
    explanation: str | None
    wrong_code: str | None
    wrong_verdict: str | None
    feedback: str | None
    wrong_passed_tests: int | None
    total_tests: int | None
    bug: str | None
    bug_line: int | None
    token_distance: float | None
    prompt: str
    entry_point: str | None
    context: str
    tests: str
    source: str
    source_id: str
    licence: str


def build_examples(rows: Iterable[VerifiedProgramRow]) -> pa.Table:
    """Build one example per row, in the schema of debugging_sft, sorted by example_id."""
    examples = sorted(map(build_example, rows), key=lambda example: example["example_id"])
    return pa.Table.from_pylist(examples, schema=DEBUGGING_SFT.schema)


def build_example(row: VerifiedProgramRow) -> DebuggingSftRow:
    """Build one example.

    `prompt` holds every turn that carries no loss, the wrong program among them; `completion` holds the turn to learn.
    """
    texts = {name: row[name] for name in ("prompt", "code", "wrong_code", "feedback", "explanation")}
    wrong, distance = row["wrong_code"], row["token_distance"]
    if wrong is not None and distance is None:
        distance = token_distance(split_tokens(wrong), split_tokens(row["code"]))
    *prompt, answer = render_turns(row["form"], texts, row["tests"], row["entry_point"])
    return {
        "example_id": _example_id(row),
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "form": row["form"],
        "prompt": prompt,
        "completion": [answer],
        "code": row["code"],
        "wrong_code": row["wrong_code"],
        "explanation": row["explanation"],
        "wrong_verdict": row["wrong_verdict"],
        "source": row["source"],
        "source_id": row["source_id"],
        "licence": row["licence"],
        "model": row["model"],
        "round": row["round"],
        "attempt_id": row["attempt_id"],
        "parent_attempt_id": row["parent_attempt_id"],
        "diagnosis_id": row["diagnosis_id"],
        "judge_version": row["judge_version"],
        "origin": row["origin"],
        "feedback": row["feedback"],
        "entry_point": row["entry_point"],
        "context": row["context"],
        "tests": row["tests"],
        "wrong_passed_tests": row["wrong_passed_tests"],
        "total_tests": row["total_tests"],
        "bug": row["bug"],
        "bug_line": row["bug_line"],
        "token_distance": distance,
    }


def _example_id(row: VerifiedProgramRow) -> str:
    return content_id(
        "example",
        form=row["form"],
        template=load_form_template(row["form"]).version,
        attempt=row["attempt_id"],
        parent=row["parent_attempt_id"],
        diagnosis=row["diagnosis_id"],
    )
