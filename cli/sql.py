"""`patchmill sql`: ask the lake."""

import csv
import json
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from cli.options import AsOfOption, JsonOption, LakeOption, open_lake, print_json, print_table, stderr
from storage.catalog import Catalog, as_script
from storage.errors import ConfigError
from storage.files import written
from storage.history import as_of

SHOWN = 1000
WRITTEN = (".parquet", ".csv", ".json")


def command(
    query: Annotated[
        str | None, typer.Argument(help="SQL; every table and data set is a view. Without: a prompt, or stdin.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the SQL from a file.")] = None,
    lake: LakeOption = None,
    when: AsOfOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV; lists and structs in it as JSON.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the rows to a file that ends in .parquet, .csv or .json.")
    ] = None,
    export_views: Annotated[
        Path | None, typer.Option("--export-views", help="Instead: write the views as SQL for any DuckDB client.")
    ] = None,
) -> None:
    """Run SQL (DuckDB's) over the lake. Reads only; locks nothing.

    Of several statements each is shown; --json, --csv and --out give the rows of the last.
    """
    if out is not None and out.suffix not in WRITTEN:
        raise ConfigError(f"--out {out}: expected a name that ends in {', '.join(WRITTEN)}")
    for_machines = as_json + as_csv + (out is not None)
    if for_machines > 1:
        raise ConfigError("expected at most one of --json, --csv and --out")
    if export_views is not None:
        if query is not None or file is not None or for_machines:
            raise ConfigError("--export-views takes no query; --lake and --as-of say which lake")
        opened = open_lake(lake)
        with written(export_views) as path:
            path.write_text(as_script(opened, as_of(opened, when) if when else None), encoding="utf-8")
        stderr.print(f"views of {opened.root} -> {export_views}", markup=False)
        return
    text = _asked(query, file, bool(for_machines))
    opened = open_lake(lake)
    with Catalog(opened, as_of(opened, when) if when else None) as catalog:
        if text is None:
            from cli.prompt import talk

            talk(catalog, show)
        elif for_machines:
            _give(_last(catalog.answers(text)), as_json, out)
        else:
            for data in catalog.answers(text):
                show(data)


def show(data: pa.Table) -> None:
    """Rows as a table on stdout, a plan as DuckDB draws it."""
    if data.schema.names == ["explain_key", "explain_value"]:
        for plan in data["explain_value"].to_pylist():
            print(plan)
        return
    print_table(_plain(data.slice(0, SHOWN)).to_pylist())
    if data.num_rows > SHOWN:
        stderr.print(f"... and {data.num_rows - SHOWN} rows more: --json, --csv and --out FILE give all", markup=False)


def _asked(query: str | None, file: Path | None, for_machines: bool) -> str | None:
    """The SQL; None where a person is to be asked for it."""
    if query is not None and file is not None:
        raise ConfigError('expected a query or a file: patchmill sql "select ..." or --file QUERY.sql')
    if query is not None:
        return query
    try:
        if file is not None:
            return file.read_text(encoding="utf-8")
        if not sys.stdin.isatty():
            return sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file or 'stdin'}: cannot be read: {error}") from None
    if for_machines or not sys.stdout.isatty():
        raise ConfigError('expected a query: patchmill sql "select ...", --file QUERY.sql, or SQL on stdin')
    return None


def _last(answers: Iterator[pa.Table]) -> pa.Table:
    last = deque(answers, maxlen=1)
    if not last:
        raise ConfigError("SQL: expected a query, got no statement that brings rows")
    return _plain(last[0])


def _give(data: pa.Table, as_json: bool, out: Path | None) -> None:
    if out is None:
        print_json(data.to_pylist()) if as_json else _csv(data, sys.stdout)
        return
    with written(out) as path:
        if out.suffix == ".parquet":
            pq.write_table(data, path, compression="zstd")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                if out.suffix == ".csv":
                    _csv(data, file)
                else:
                    json.dump(data.to_pylist(), file, ensure_ascii=False, default=str)
    stderr.print(f"{data.num_rows} rows -> {out}", markup=False)


def _csv(data: pa.Table, file: TextIO) -> None:
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(data.schema.names)
    for batch in data.to_batches():
        lines.writerows([_cell(value) for value in row.values()] for row in batch.to_pylist())


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict | bool) else value


def _plain(data: pa.Table) -> pa.Table:
    """Whole numbers as such: DuckDB's sum() of integers comes as a decimal."""
    for place, field in enumerate(data.schema):
        if pa.types.is_decimal(field.type) and field.type.scale == 0:
            try:
                data = data.set_column(place, field.name, data.column(place).cast(pa.int64()))
            except pa.ArrowInvalid:  # too large
                continue
    return data
