"""`patchmill export`: write a table or dataset to one file."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import pyarrow.parquet as pq
import typer

from cli.options import LakeOption, open_lake, report_lost_numbers, stderr, to_json
from storage.catalog import Catalog
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.files import atomic_write

PAIR_COLUMNS = {
    "prompt": "array_to_string([turn.content for turn in prompt], chr(10) || chr(10)) || chr(10)",
    "chosen": "chosen[1].content",
    "rejected": "rejected[1].content",
}
"""Columns of strings, as SQL. The prompt ends with a newline: a code block's fence then becomes tokens of its own."""
PLAIN_COLUMNS = {
    "preference_correctness": PAIR_COLUMNS,
    "preference_efficiency": PAIR_COLUMNS,
    "preference_kto": {"prompt": PAIR_COLUMNS["prompt"], "completion": "completion[1].content"},
}
PROBLEM_FIELDS = ("source", "source_id", "prompt", "entry_point", "context", "reference", "licence", "origin")


def command(
    table: Annotated[str, typer.Argument(help="A table, dataset or view: debugging_sft, problems, attempts ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; ends in .jsonl or .parquet.")],
    lake: LakeOption = None,
    where: Annotated[
        str, typer.Option(metavar="CONDITION", help="Write only the rows that meet this SQL condition.")
    ] = "true",
    as_: Annotated[
        Literal["rows", "problems", "solutions"],
        typer.Option("--as", help="rows: unchanged; problems, solutions: lines that `patchmill judge` reads."),
    ] = "rows",
    form: Annotated[
        Literal["conversational", "plain"],
        typer.Option(help="Preference data as messages (conversational) or as strings (plain); TRL reads both."),
    ] = "conversational",
) -> None:
    """Write rows of the lake as JSONL or Parquet. The file appears only once it is complete."""
    _check_options(table, out, as_, form)
    with Catalog(open_lake(lake)) as catalog:
        data = catalog.run_user_query(_query(table, where, as_, form))
    with atomic_write(out) as path:
        if out.suffix == ".parquet":
            pq.write_table(data, path, compression="zstd")
        else:
            rows = (row for batch in data.to_batches() for row in batch.to_pylist())
            lost = 0
            with path.open("w", encoding="utf-8") as file:
                for row in _problem_lines(rows) if as_ == "problems" else rows:
                    text, lost_here = to_json(row)
                    file.write(text + "\n")
                    lost += lost_here
            report_lost_numbers(lost)
    stderr.print(f"{data.num_rows} rows -> {out}", markup=False)


def _check_options(table: str, out: Path, as_: str, form: str) -> None:
    if out.suffix not in (".jsonl", ".parquet"):
        raise ConfigError(f"--out {out}: expected a name that ends in .jsonl or .parquet")
    if as_ != "rows" and out.suffix != ".jsonl":
        raise ConfigError(f"--out {out}: --as {as_} writes lines, expected a name that ends in .jsonl")
    if as_ == "problems" and table != "problems":
        raise ConfigError(f"--as problems: expected the table problems, got {table}")
    if not re.fullmatch(r"[a-z_]+", table):
        raise ConfigError(f"{table}: expected the name of a table, dataset or view")
    if form == "plain" and (as_ != "rows" or table not in PLAIN_COLUMNS):
        got = table if as_ == "rows" else f"--as {as_}"
        raise ConfigError(f"--form plain: expected one of {', '.join(PLAIN_COLUMNS)}, as rows; got {got}")
    if as_ == "solutions" and PLAIN_COLUMNS.get(table) is PAIR_COLUMNS:
        raise ConfigError(f"--as solutions: {table} holds two programs per row; export attempts or preference_kto")


def _query(table: str, where: str, as_: str, form: str) -> str:
    """Return the SQL of the rows. Datasets are ordered by id, a hash: the same shuffled order every time."""
    selected = f"select * from {table} where {where}"  # noqa: S608 the user's own SQL, over read-only views
    is_dataset = any(table == dataset.name for dataset in DATASETS)
    if as_ == "solutions":
        key = "example_id" if is_dataset else "attempt_id"
        return (
            f"with selected as ({selected}) select s.{key} as id, p.source, p.source_id, s.code "  # noqa: S608
            "from selected as s join problems as p using (problem_id) where s.code is not null"
        )
    if not is_dataset:
        return selected
    plain = ", ".join(f"{sql} as {name}" for name, sql in PLAIN_COLUMNS.get(table, {}).items())
    columns = f"* replace ({plain})" if form == "plain" else "*"
    return f"select {columns} from ({selected}) order by example_id"  # noqa: S608


def _problem_lines(rows: Iterable[Mapping[str, str]]) -> Iterable[dict[str, object]]:
    for row in rows:
        yield {**{name: row[name] for name in PROBLEM_FIELDS}, "tests": json.loads(row["tests"])}
