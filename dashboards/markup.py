"""HTML of texts that models and sources wrote. All of them pass through here, so that none of it can be markup.

The live pages and the report show the same pieces. None needs a script.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape

from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token, _TokenType

from dashboards.headings import heading
from dashboards.verdicts import verdict_colour, verdict_words

MOST_LINES, MOST_COLUMNS = 400, 400
"""A longer program is cut, and says so; `patchmill sql` has all of it."""
MOST_CHARACTERS = 4000
"""A longer text is cut, and says so."""
NOTHING = '<p class="pm-none">nothing here yet</p>'
CodeLine = tuple[tuple[str, str], ...]
"""One line of a program: CSS class and text of each token."""


class Html(str):
    """Finished markup, which a table does not escape."""


def render_badge(verdict: str) -> Html:
    """Return a verdict as a coloured label."""
    colour = verdict_colour(verdict)
    return Html(f'<span class="pm-badge" style="background:{colour}">{escape(verdict_words(verdict))}</span>')


def escape_markdown(text: str) -> str:
    """Return text for places that take only Markdown: every character with a meaning there is escaped."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~>:$<&])", r"\\\1", text).replace("\n", " ")


def render_text(text: str) -> str:
    """Return prose or output unchanged, in a box that wraps."""
    hidden = len(text) - MOST_CHARACTERS
    shown = text if hidden <= 0 else f"{text[:MOST_CHARACTERS]}\n... ({hidden} more characters)"
    return f'<pre class="pm-text">{escape(shown)}</pre>'


@lru_cache(2000)
def split_tokens(code: str) -> tuple[CodeLine, ...]:
    """Return the lines of a Python program, at most MOST_LINES of MOST_COLUMNS characters."""
    lines = code.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    shown = [line if len(line) <= MOST_COLUMNS else line[:MOST_COLUMNS] + "..." for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"# ... {len(lines) - MOST_LINES} more lines")
    tokens_by_line: list[list[tuple[str, str]]] = [[]]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(shown)):
        first, *following = text.split("\n")
        tokens_by_line[-1].append((_css_class(kind), first))
        tokens_by_line += [[(_css_class(kind), part)] for part in following]
    return tuple(tuple((css, text) for css, text in tokens if text) for tokens in tokens_by_line)


def _css_class(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind is not Token:
        kind = kind.parent
    return str(STANDARD_TYPES.get(kind, ""))


def render_tokens(tokens: Iterable[tuple[str, str]]) -> str:
    """Return tokens as HTML."""
    return "".join(f'<span class="{css}">{escape(text)}</span>' if css else escape(text) for css, text in tokens)


def render_program(code: str) -> str:
    """Return a Python program with line numbers."""
    rows = "".join(
        f'<tr><td class="pm-number">{number}</td><td>{render_tokens(line)}</td></tr>'
        for number, line in enumerate(split_tokens(code), 1)
    )
    return f'<div class="pm-wide"><table class="pm-code">{rows}</table></div>'


def render_table(rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as a table with the columns of the first row. Values are text, except Html; numbers stand right."""
    rows = list(rows)
    if not rows:
        return NOTHING
    right = {name for name in rows[0] if all(isinstance(row[name], int | float | None) for row in rows)}
    header = "".join(f"<th{_align(name in right)}>{escape(heading(name))}</th>" for name in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td{_align(name in right)}>{_cell(value)}</td>' for name, value in row.items())}</tr>"
        for row in rows
    )
    return f'<div class="pm-wide"><table class="pm-table"><tr>{header}</tr>{body}</table></div>'


def _align(is_right: bool) -> str:
    return ' class="pm-right"' if is_right else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Html):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def render_grid(
    rows: Sequence[str], columns: Sequence[str], verdicts: Mapping[tuple[str, str], str], labels: Mapping[str, str]
) -> str:
    """Return programs (rows) by tests (columns) as squares in the colours of verdicts.

    Args:
        rows: ids of programs, from top to bottom.
        columns: tests, from left to right; they are numbered.
        verdicts: by program and test.
        labels: texts for programs and tests, where these are not their own labels.
    """
    header = "".join(
        f'<th title="{escape(labels.get(column, column))}">{number}</th>' for number, column in enumerate(columns, 1)
    )
    body = "".join(
        f'<tr><th title="{escape(labels.get(row, row))}">{escape(labels.get(row, row))}</th>'
        + "".join(_square(verdicts.get((row, column), "not_run"), column) for column in columns)
        + "</tr>"
        for row in rows
    )
    return f'<div class="pm-wide"><table class="pm-grid"><tr><th></th>{header}</tr>{body}</table></div>'


def _square(verdict: str, column: str) -> str:
    title = escape(f"{verdict_words(verdict)}: {column}")
    return f'<td style="background:{verdict_colour(verdict)}" title="{title}"></td>'


def render_legend(verdicts: Iterable[str]) -> str:
    """Return the colours of the verdicts that occur."""
    return f'<p class="pm-legend">{" ".join(render_badge(verdict) for verdict in sorted(set(verdicts)))}</p>'


STYLE = (
    "<style>"
    + str(HtmlFormatter(style="friendly").get_style_defs(".pm-code"))
    + """
.pm-badge { color: #fff; border-radius: .6em; padding: .05em .6em; font-size: .8rem; white-space: nowrap; }
.pm-wide { overflow-x: auto; }
.pm-code { border-collapse: collapse; width: 100%; background: #f8f9fa; color: #212529;
  font: .8rem/1.35 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.pm-code td { border: 0; padding: 0 .5em; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top; }
.pm-code td.pm-number { color: #868e96; text-align: right; width: 1%; white-space: nowrap; user-select: none; }
.pm-diff { table-layout: fixed; }
.pm-diff col.pm-number { width: 2.8em; }
.pm-diff th { text-align: left; padding: .3em .5em; font-weight: 600; }
.pm-removed { background: #ffe3e3; } .pm-removed mark { background: #ffa8a8; color: inherit; padding: 0; }
.pm-added { background: #d3f9d8; } .pm-added mark { background: #8ce99a; color: inherit; padding: 0; }
.pm-void { background: #f1f3f5; }
.pm-text { white-space: pre-wrap; overflow-wrap: anywhere; background: #f8f9fa; color: #212529; padding: .6em .8em;
  margin: .3em 0; font: .8rem/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.pm-table { border-collapse: collapse; font-size: .85rem; }
.pm-table th, .pm-table td { text-align: left; padding: .2em .7em; border-bottom: 1px solid #dee2e6; }
.pm-right { text-align: right !important; font-variant-numeric: tabular-nums; }
.pm-grid { border-collapse: separate; border-spacing: 2px; font-size: .75rem; }
.pm-grid th { font-weight: 400; text-align: right; padding: 0 .4em; white-space: nowrap; }
.pm-grid td { width: 1.4em; min-width: 1.4em; height: 1.4em; border: 0; border-radius: 3px; padding: 0; }
.pm-tree details { border-left: 3px solid #dee2e6; margin: .25em 0 .25em .2em; padding-left: .7em; }
.pm-tree summary { cursor: pointer; font-size: .85rem; }
.pm-tree ul { font-size: .85rem; margin: .3em 0; padding-left: 1.2em; list-style: none; }
.pm-tree code { font-size: .8rem; }
.pm-diagnosis { border-left: 3px solid #fab005; padding-left: .7em; margin: .3em 0; font-size: .85rem; }
.pm-none, .pm-note { color: #868e96; font-size: .85rem; }
</style>"""
)
"""The styles of all pieces; a page needs them once."""
