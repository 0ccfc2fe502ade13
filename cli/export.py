"""`patchmill export`: a table or data set as one file."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow.parquet as pq
import typer

from cli.options import LakeOption, open_lake, stderr
from storage.catalog import Catalog
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.files import written

PAIRS = {
    "prompt": "array_to_string([turn.content for turn in prompt], chr(10) || chr(10)) || chr(10)",
    "chosen": "chosen[1].content",
    "rejected": "rejected[1].content",
}
"""Plain columns in SQL. The prompt ends its line, so that a model reads the code block's fence as tokens of its own."""
PLAIN = {
    "preference_correctness": PAIRS,
    "preference_efficiency": PAIRS,
    "preference_kto": {"prompt": PAIRS["prompt"], "completion": "completion[1].content"},
}


def command(
    table: Annotated[str, typer.Argument(help="A table, data set or view: debugging_sft, problems, attempts ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A file that ends in .jsonl or .parquet.")],
    lake: LakeOption = None,
    where: Annotated[str, typer.Option(help="Take only these rows: a condition in SQL.")] = "true",
    as_: Annotated[
        Literal["rows", "problems", "solutions"],
        typer.Option("--as", help="rows: as they are; problems, solutions: lines that `patchmill judge` reads."),
    ] = "rows",
    form: Annotated[
        Literal["conversational", "plain"],
        typer.Option(help="Of preference data: messages, as they are kept; or plain: strings. TRL reads both."),
    ] = "conversational",
) -> None:
    """Write rows of the lake as JSONL or Parquet; the file appears only when it is complete."""
    if out.suffix not in (".jsonl", ".parquet"):
        raise ConfigError(f"--out {out}: expected a name that ends in .jsonl or .parquet")
    if as_ != "rows" and out.suffix != ".jsonl":
        raise ConfigError(f"--out {out}: --as {as_} writes lines, expected a name that ends in .jsonl")
    if as_ == "problems" and table != "problems":
        raise ConfigError(f"--as problems: expected the table problems, got {table}")
    if not re.fullmatch(r"[a-z_]+", table):
        raise ConfigError(f"{table}: expected the name of a table, data set or view")
    if form == "plain" and (as_ != "rows" or table not in PLAIN):
        got = table if as_ == "rows" else f"--as {as_}"
        raise ConfigError(f"--form plain: expected one of {', '.join(PLAIN)}, as rows; got {got}")
    if as_ == "solutions" and PLAIN.get(table) is PAIRS:
        raise ConfigError(f"--as solutions: {table} holds two programs a row; export attempts or preference_kto so")
    with Catalog(open_lake(lake)) as catalog:
        data = catalog.arrow(_query(table, where, as_, form))
    with written(out) as path:
        if out.suffix == ".parquet":
            pq.write_table(data, path, compression="zstd")
        else:
            rows = (row for batch in data.to_batches() for row in batch.to_pylist())
            lines = _problems(rows) if as_ == "problems" else rows
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
    stderr.print(f"{data.num_rows} rows -> {out}", markup=False)


def _query(table: str, where: str, as_: str, form: str) -> str:
    chosen = f"select * from {table} where {where}"  # noqa: S608 the asker's own SQL, over read-only views
    published = any(table == found.name for found in DATASETS)
    if as_ == "solutions":
        key = "example_id" if published else "attempt_id"
        return (
            f"with chosen as ({chosen}) select c.{key} as id, p.source, p.source_id, c.code "  # noqa: S608
            "from chosen as c join problems as p using (problem_id) where c.code is not null"
        )
    if not published:
        return chosen
    plain = ", ".join(f"{sql} as {name}" for name, sql in PLAIN.get(table, {}).items())
    columns = f"* replace ({plain})" if form == "plain" else "*"
    # in the order of ids, which are hashes: a shuffled order that is the same every time
    return f"select {columns} from ({chosen}) order by example_id"  # noqa: S608


def _problems(rows: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for row in rows:
        kept = ("source", "source_id", "prompt", "entry_point", "context", "reference", "licence", "origin")
        yield {**{name: row[name] for name in kept}, "tests": json.loads(row["tests"])}
