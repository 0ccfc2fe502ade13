"""Markdown in which no text of a model or a source is markup."""

import re
from collections.abc import Iterable, Mapping

_SPECIAL = re.compile(r"([\\`*_\[\]|!~#$])")
MAX_FENCED_CHARS = 4000
"""Characters of one block that are shown."""


def escape_text(value: object) -> str:
    """Return a value as one line of plain text, for a cell of a table or a sentence."""
    text = " ".join(("" if value is None else str(value)).split())
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def format_table(rows: Iterable[Mapping[str, object]]) -> str:
    """Format rows as a table, with the names of columns as words and numbers to the right."""
    rows = list(rows)
    if not rows:
        return "(none)"
    names = list(rows[0])
    is_numeric = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    lines = [
        [name.replace("_", " ") for name in names],
        ["--:" if numeric else "---" for numeric in is_numeric],
        *([escape_text(row[name]) for name in names] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fence_text(text: str, language: str = "") -> str:
    """Format a text as a block of code, within a fence longer than any run of backticks in it."""
    if len(text) > MAX_FENCED_CHARS:
        text = f"{text[:MAX_FENCED_CHARS]}\n... ({len(text) - MAX_FENCED_CHARS} more characters)"
    longest_run = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest_run + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
