"""Rows of the assembling SQL as training examples."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from storage.dataset_tables import DEBUGGING_SFT
from storage.ids import content_id
from tasks.assemble.turns import template, turns

_KEPT = (
    "problem_id", "bucket", "form", "code", "wrong_code", "explanation", "wrong_verdict", "source", "source_id",
    "licence", "model", "round", "attempt_id", "parent_attempt_id", "diagnosis_id", "judge_version",
)  # fmt: skip


def example(row: Mapping[str, Any]) -> dict[str, Any]:
    """One example in TRL's conversational prompt-completion form.

    `prompt` holds every turn that carries no loss, the wrong program among them; `completion` the one turn to learn.
    """
    chat = turns(row["form"], row)
    address = content_id(
        "example",
        form=row["form"],
        template=template(row["form"]).version,
        attempt=row["attempt_id"],
        parent=row["parent_attempt_id"],
        diagnosis=row["diagnosis_id"],
    )
    return {"example_id": address, "prompt": chat[:-1], "completion": chat[-1:], **{k: row[k] for k in _KEPT}}


def examples(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """All examples of some rows, in the data set's schema, sorted by id."""
    made = sorted(map(example, rows), key=lambda e: str(e["example_id"]))
    return pa.Table.from_pylist(made, schema=DEBUGGING_SFT.schema)
