"""Arguments that several commands share, and how results are printed."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.settings import explain

LakeOption = Annotated[
    str | None,
    typer.Option("--lake", metavar="PATH", help="The lake, a folder or s3://BUCKET/PATH; wins over the config's."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The lake as it was: a time (UTC), or DATASET[@VERSION]: as that was built from it."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of a table.")]
words = Console(stderr=True, highlight=False)
results = Console(highlight=False)


def existing_lake(path: str | None) -> Lake:
    """The lake to read; raises ConfigError where there is none."""
    try:
        lake = Lake(LakeSettings(path=path) if path else LakeSettings())
    except ValidationError as error:
        raise ConfigError(f"--lake: {explain(error, LakeSettings)}") from None
    if not lake.exists():
        raise ConfigError(f"{lake.root}: no lake there; `patchmill run CONFIG` makes one, --lake PATH names another")
    return lake


def print_json(value: Any) -> None:
    """One JSON value on stdout; dates and decimals as text."""
    json.dump(value, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def print_rows(rows: Iterable[Mapping[str, Any]], title: str | None = None) -> None:
    """Rows as a table on stdout; long values are cut, --json never cuts."""
    rows = list(rows)
    table = Table(title=title, title_justify="left")
    for name in rows[0] if rows else ["(no rows)"]:
        numeric = bool(rows) and all(isinstance(r.get(name), int | float | None) for r in rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=not table.columns)
    for row in rows:
        table.add_row(*("" if v is None else _short(v) for v in row.values()))
    results.print(table, markup=False) if not rows else results.print(table)


def _short(value: Any) -> str:
    text = str(value).replace("[", "\\[")
    return text if len(text) <= 200 else text[:197] + "..."
