"""The SQL of the lake: statements by name, and the views and macros that a catalog creates."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from storage.tables import TABLES

SQL_FOLDER = Path(__file__).parent / "sql"
_CREATE = re.compile(r"((?:^--.*\n)+)create (view|macro) (\w+)(\([^)]*\))? as( table\b)?", re.MULTILINE)
NAME_CHARS = 80


@cache
def load_statement(name: str) -> str:
    """Return the text of storage/sql/NAME.sql."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def name_statement(sql: str) -> str:
    """Return a short name of a statement for messages: its file in storage/sql, or the beginning of its text."""
    file = next((path for path in SQL_FOLDER.glob("*.sql") if load_statement(path.stem) == sql), None)
    if file is not None:
        return f"storage/sql/{file.name}"
    line = " ".join(sql.split())
    return line if len(line) <= NAME_CHARS else line[: NAME_CHARS - 3] + "..."


@cache
def load_views() -> str:
    """Return the statements that create all views and macros (storage/sql/views), in their order."""
    paths = sorted((SQL_FOLDER / "views").glob("*.sql"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@cache
def _view_texts() -> dict[str, str]:
    """Return the text that creates each view or macro, by its name; a view and a macro of one name are one text."""
    texts: dict[str, str] = {}
    starts = list(_CREATE.finditer(load_views()))
    ends = [match.start() for match in starts[1:]] + [len(load_views())]
    for match, end in zip(starts, ends, strict=True):
        texts[match[3]] = texts.get(match[3], "") + load_views()[match.start() : end]
    return texts


@cache
def find_views(sql: str) -> tuple[tuple[str, str], ...]:
    """Return the views and macros that a statement names, each after those that it needs itself.

    Returns:
        Pairs of name and creating statement. A word counts wherever it stands, so there may be more than are needed.
    """
    texts, views = _view_texts(), dict[str, str]()
    for name in dict.fromkeys(re.findall(r"\w+", sql)):
        if name in texts:
            needed = re.sub(rf"\b{name}\b", "", texts[name])
            views |= dict(find_views(needed)) | {name: texts[name]}
    return tuple(views.items())


@dataclass(frozen=True)
class CatalogEntry:
    """A table, view or macro that SQL over the lake can name."""

    name: str
    parameters: str
    """As in SQL, with their brackets; empty for tables and views."""
    kind: str
    """As in DuckDB: view (also for tables of the lake), macro or macro table."""
    description: str
    """Meaning of a row."""


@cache
def list_entries() -> tuple[CatalogEntry, ...]:
    """List everything that a catalog contains: the tables, then views and macros in the order of their creation."""
    tables = [CatalogEntry(table.name, "", "view", table.description) for table in TABLES]
    entries = []
    for comment, kind, name, parameters, is_table in _CREATE.findall(load_views()):
        description = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
        entries.append(CatalogEntry(name, " ".join(parameters.split()), kind + is_table, description))
    return (*tables, *entries)
