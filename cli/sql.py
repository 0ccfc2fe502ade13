"""`patchmill sql`: ask the lake."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, existing_lake, print_json, print_rows
from storage.catalog import Catalog
from storage.errors import ConfigError


def command(
    query: Annotated[str | None, typer.Argument(help="One SQL statement; every table and data set is a view.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the statement from a file.")] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run SQL (DuckDB's) over the lake. Reads only; locks nothing."""
    if (query is None) == (file is None):
        raise ConfigError('expected one statement: patchmill sql "select ..." or --file QUERY.sql')
    try:
        text = query if query is not None else file.read_text(encoding="utf-8")  # type: ignore[union-attr]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
    with Catalog(existing_lake(lake)) as catalog:
        rows = catalog.rows(text)
    print_json(rows) if as_json else print_rows(rows)
