"""`patchmill sql`: query the lake."""

import csv
import re
import sys
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from typer.core import TyperCommand

from cli.options import AsOfOption, JsonOption, LakeOption, open_lake, print_json, print_table, stderr, to_json
from storage.catalog import Catalog, generate_script
from storage.errors import ConfigError
from storage.files import atomic_write
from storage.history import resolve_as_of

MOST_ROWS = 1000
"""Rows printed as a table."""
SUFFIXES = (".parquet", ".csv", ".json")


class SqlCommand(TyperCommand):
    """A command whose query may begin with a comment, which would else be read as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put a blank before a query that begins with `--`."""
        options = {option for parameter in self.params for option in parameter.opts}
        return super().parse_args(ctx, [f" {word}" if _is_comment(word, options) else word for word in args])


def _is_comment(word: str, options: Collection[str]) -> bool:
    """Return whether a word is SQL behind a comment: no option has a blank or a line break in its name."""
    return bool(re.match(r"--(\s|[^\n]*\n)", word)) and word.split("=")[0] not in options


def command(
    query: Annotated[
        str | None,
        typer.Argument(help="SQL; every table and dataset is a view. Without it: a prompt, or SQL on stdin."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the SQL from a file.")] = None,
    lake: LakeOption = None,
    when: AsOfOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with lists and structs as JSON.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the rows to a file that ends in .parquet, .csv or .json.")
    ] = None,
    export_views: Annotated[
        Path | None, typer.Option("--export-views", help="Instead: write the views as SQL for any DuckDB client.")
    ] = None,
) -> None:
    """Run SQL (DuckDB's dialect) over the lake. Only reads, and takes no lock.

    Every statement's rows are printed; --json, --csv and --out give the rows of the last statement.
    """
    if out is not None and out.suffix not in SUFFIXES:
        raise ConfigError(f"--out {out}: expected a name that ends in {', '.join(SUFFIXES)}")
    formats = as_json + as_csv + (out is not None)
    if formats > 1:
        raise ConfigError("expected at most one of --json, --csv and --out")
    if export_views is not None:
        if query is not None or file is not None or formats:
            raise ConfigError("--export-views takes no query; --lake and --as-of say which lake")
        opened = open_lake(lake)
        with atomic_write(export_views) as path:
            path.write_text(generate_script(opened, resolve_as_of(opened, when) if when else None), encoding="utf-8")
        stderr.print(f"views of {opened.root} -> {export_views}", markup=False)
        return
    text = _read_sql(query, file, for_machines=bool(formats))
    opened = open_lake(lake)
    with Catalog(opened, resolve_as_of(opened, when) if when else None) as catalog:
        if text is None:
            from cli.prompt import run_prompt

            run_prompt(catalog, print_answer)
        elif formats:
            _write_rows(_last_answer(catalog.run_user_sql(text)), as_json, out)
        else:
            for data in catalog.run_user_sql(text):
                print_answer(data)


def print_answer(data: pa.Table) -> None:
    """Print rows as a table under their column names, and a plan as DuckDB draws it."""
    if data.schema.names == ["explain_key", "explain_value"]:
        for plan in data["explain_value"].to_pylist():
            print(plan)
        return
    print_table(_with_integers(data.slice(0, MOST_ROWS)).to_pylist(), headings=str)
    if data.num_rows > MOST_ROWS:
        hidden = data.num_rows - MOST_ROWS
        stderr.print(f"... and {hidden} more rows: --json, --csv and --out FILE give all of them", markup=False)


def _read_sql(query: str | None, file: Path | None, for_machines: bool) -> str | None:
    """Return the SQL to run; None where the user is to be prompted for it."""
    if query is not None and file is not None:
        raise ConfigError('expected a query or a file: patchmill sql "select ..." or --file QUERY.sql')
    if query is not None:
        return query
    try:
        if file is not None:
            return file.read_text(encoding="utf-8-sig")
        if sys.stdin is not None and not sys.stdin.isatty():
            return sys.stdin.buffer.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file or 'stdin'}: cannot be read: {error}") from None
    if for_machines or not sys.stdout.isatty():
        raise ConfigError('expected a query: patchmill sql "select ...", --file QUERY.sql, or SQL on stdin')
    return None


def _last_answer(answers: Iterator[pa.Table]) -> pa.Table:
    last = deque(answers, maxlen=1)
    if not last:
        raise ConfigError("SQL: expected a query, got no statement that returns rows")
    return _with_integers(last[0])


def _write_rows(data: pa.Table, as_json: bool, out: Path | None) -> None:
    """Write rows to a file, by its suffix, or to stdout."""
    if out is None:
        print_json(data.to_pylist()) if as_json else _write_csv(data, sys.stdout)
        return
    with atomic_write(out) as path:
        if out.suffix == ".parquet":
            pq.write_table(data, path, compression="zstd")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                _write_csv(data, file) if out.suffix == ".csv" else print_json(data.to_pylist(), file)
    stderr.print(f"{data.num_rows} rows -> {out}", markup=False)


def _write_csv(data: pa.Table, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(data.schema.names)
    for batch in data.to_batches():
        writer.writerows([_csv_value(value) for value in row.values()] for row in batch.to_pylist())


def _csv_value(value: object) -> object:
    return to_json(value)[0] if isinstance(value, list | dict | bool) else value


def _with_integers(data: pa.Table) -> pa.Table:
    """Return the rows with whole decimals as integers: DuckDB's sum() of integers is a decimal."""
    for place, field in enumerate(data.schema):
        if pa.types.is_decimal(field.type) and field.type.scale == 0:
            try:
                data = data.set_column(place, field.name, data.column(place).cast(pa.int64()))
            except pa.ArrowInvalid:  # too large for an integer
                continue
    return data
