"""Options that several commands share, and how commands print: results to stdout, everything else to stderr."""

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, TextIO

import typer
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboards.headings import heading
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.settings import explain_validation, parse_yaml

LakeOption = Annotated[
    str | None,
    typer.Option("--lake", metavar="PATH", help="The lake: a folder or s3://BUCKET/PATH. Wins over the config's."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="WHEN",
        help="Read the lake as it was at a time (UTC), or when DATASET[@VERSION] was built.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)
LONGEST_CELL = 200
"""Characters of a value that a terminal shows."""
UNBOUNDED = 1_000_000
"""Columns of a console that neither wraps nor cuts."""


def open_lake(path: str | None) -> Lake:
    """Open the lake at `path`, or at the default path.

    Raises:
        ConfigError: there is no lake.
    """
    try:
        lake = Lake(LakeSettings(path=path) if path else LakeSettings())
    except ValidationError as error:
        raise ConfigError(f"--lake: {explain_validation(error, LakeSettings)}") from None
    if not lake.exists():
        raise ConfigError(f"{lake.root}: no lake there; create one with `patchmill run CONFIG`, or pass --lake PATH")
    return lake


def parse_overrides(sets: Iterable[str] | None, example: str) -> dict[str, object]:
    """Return the values of --set by dotted name; they are read as YAML.

    Raises:
        ConfigError: a text is not NAME=VALUE; the message shows the example.
    """
    overrides: dict[str, object] = {}
    for text in sets or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {text}: expected NAME=VALUE, such as {example}")
        try:
            overrides[name] = parse_yaml(value)
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", None) or str(error)
            raise ConfigError(f"--set {text}: not valid YAML: {problem}", field=name) from None
    return overrides


def print_json(value: object, file: TextIO | None = None) -> None:
    """Print one JSON value, to stdout by default, and say what it lacks."""
    file = file or sys.stdout
    text, lost = to_json(value, file.encoding or "utf-8")
    file.write(text + "\n")
    report_lost_numbers(lost)


def to_json(value: object, encoding: str = "utf-8") -> tuple[str, int]:
    """Return a value as JSON of one line, and how many of its numbers are null there: JSON has no NaN and no infinity.

    Dates and decimals become text. Characters that the encoding lacks are escaped.
    """
    lost = 0
    try:
        text = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except (ValueError, TypeError):  # a NaN somewhere, or a key that is no text
        value, lost = _without_nan(value)
        text = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:  # an ASCII locale, or half of a surrogate pair
        text = json.dumps(value, default=str, allow_nan=False)
    return text, lost


def report_lost_numbers(lost: int) -> None:
    """Say on stderr how many numbers JSON could not hold."""
    if lost:
        subject = "number is" if lost == 1 else "numbers are"
        stderr.print(f"{lost} {subject} NaN or infinite, which JSON cannot hold: null in its place", markup=False)


def _without_nan(value: object) -> tuple[object, int]:
    """Return a value of JSON with null for every NaN and infinity, and how many there are."""
    if isinstance(value, float):
        return (value, 0) if math.isfinite(value) else (None, 1)
    if isinstance(value, Mapping):
        pairs = [(key if isinstance(key, str) else str(key), _without_nan(item)) for key, item in value.items()]
        return {key: item for key, (item, _) in pairs}, sum(n for _, (_, n) in pairs)
    if isinstance(value, list | tuple):
        items = [_without_nan(item) for item in value]
        return [item for item, _ in items], sum(n for _, n in items)
    return value, 0


def print_table(
    rows: Iterable[Mapping[str, object]], title: str | None = None, headings: Callable[[str], str] = heading
) -> None:
    """Print rows as a table with the columns of the first row.

    A terminal gets long values cut and wrapped. Elsewhere a table is as wide as its values, or as COLUMNS says.

    Args:
        rows: the cells by column name.
        title: printed above the table.
        headings: turns a column name into the text of its header.
    """
    rows, on_terminal = list(rows), stdout.is_terminal
    table = Table(title=Text(title) if title else None, title_justify="left")
    for name in rows[0] if rows else ():
        numeric = all(isinstance(row.get(name), int | float | None) for row in rows)
        table.add_column(
            Text(headings(name)),
            justify="right" if numeric else "left",
            overflow="ellipsis" if on_terminal else "fold",
            no_wrap=on_terminal and not table.columns,
        )
    for row in rows:
        table.add_row(*(Text("" if value is None else _cell(value, on_terminal)) for value in row.values()))
    if not rows:
        table.add_column("(no rows)")
    console = stdout if on_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=UNBOUNDED)
    console.print(table)


def _cell(value: object, on_terminal: bool) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_CELL or not on_terminal else text[: LONGEST_CELL - 3] + "..."


def with_step_names(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return rows of a funnel with words for steps, which are named like columns."""
    return [
        {name: heading(str(value)) if name in ("step", "of") else value for name, value in row.items()} for row in rows
    ]
