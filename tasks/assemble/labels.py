"""Labelled programs: an example for training without pairs of each program whose score is high or low enough."""

from collections.abc import Iterable
from typing import TypedDict

import pyarrow as pa

from storage.dataset_tables import PREFERENCE_KTO
from storage.ids import content_id
from storage.rows import PreferenceKtoRow
from tasks.assemble.turns import GENERATE, load_form_template, render_program


class LabelledProgramRow(TypedDict):
    """A row of preference_kto.sql: a program whose score is high or low enough for a label."""

    attempt_id: str
    problem_id: str
    bucket: int
    code: str
    label: bool
    scorer: str
    matrix_id: str
    score: float
    passes: bool | None
    model: str
    judge_version: int
    prompt: str
    entry_point: str | None
    tests: str
    source: str
    source_id: str
    licence: str


def build_labelled_examples(rows: Iterable[LabelledProgramRow]) -> pa.Table:
    """Build one example per program in TRL's conversational unpaired form, sorted by example_id.

    Ids are hashes, so neighbours rarely share a problem: KTO's trainer estimates its KL term from neighbours.
    """
    examples = sorted(map(_build_labelled_example, rows), key=lambda example: example["example_id"])
    return pa.Table.from_pylist(examples, schema=PREFERENCE_KTO.schema)


def _build_labelled_example(row: LabelledProgramRow) -> PreferenceKtoRow:
    *prompt, answer = render_program(row["code"], row["prompt"], row["tests"], row["entry_point"])
    return {
        "example_id": _label_id(row),
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "prompt": prompt,
        "completion": [answer],
        "label": row["label"],
        "code": row["code"],
        "attempt_id": row["attempt_id"],
        "scorer": row["scorer"],
        "matrix_id": row["matrix_id"],
        "score": row["score"],
        "passes": row["passes"],
        "source": row["source"],
        "source_id": row["source_id"],
        "licence": row["licence"],
        "model": row["model"],
        "judge_version": row["judge_version"],
    }


def _label_id(row: LabelledProgramRow) -> str:
    return content_id(
        "preference",
        template=load_form_template(GENERATE).version,
        attempt=row["attempt_id"],
        scorer=row["scorer"],
        label=row["label"],
    )
