"""Rows of the assembling SQL as training examples."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from storage.dataset_tables import DEBUGGING_SFT
from storage.ids import content_id
from tasks.interface import interface
from tasks.prompts import Template, load_template

_KEPT = (
    "problem_id", "bucket", "form", "code", "wrong_code", "explanation", "wrong_verdict", "source", "source_id",
    "licence", "model", "round", "attempt_id", "parent_attempt_id", "diagnosis_id", "judge_version",
)  # fmt: skip


@cache
def _template(form: str) -> Template:
    return load_template(Path(__file__).parent, form)


def example(row: Mapping[str, Any]) -> dict[str, Any]:
    """One example in TRL's conversational prompt-completion form.

    `prompt` holds every turn that carries no loss, the wrong program among them; `completion` the one turn to learn.
    """
    gaps = {k: (v.rstrip() if isinstance(v, str) else v) for k, v in row.items()}
    messages = _template(row["form"]).render({**gaps, "interface": interface(row["tests"], row["entry_point"])})
    turns = [{"role": m.role, "content": m.content} for m in messages]
    address = content_id(
        "example",
        form=row["form"],
        template=_template(row["form"]).version,
        attempt=row["attempt_id"],
        parent=row["parent_attempt_id"],
        diagnosis=row["diagnosis_id"],
    )
    return {"example_id": address, "prompt": turns[:-1], "completion": turns[-1:], **{k: row[k] for k in _KEPT}}


def examples(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """All examples of some rows, in the data set's schema, sorted by id."""
    made = sorted(map(example, rows), key=lambda e: str(e["example_id"]))
    return pa.Table.from_pylist(made, schema=DEBUGGING_SFT.schema)
