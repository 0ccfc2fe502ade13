"""HTML of what models and sources wrote. Whatever comes from them passes through here, and nothing in it can be markup.

Pages of both kinds, live and static, show the same pieces. None needs a script.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape

from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token, _TokenType

MOST_LINES, MOST_COLUMNS = 400, 400
"""A longer program is cut, with a word about it: a page is for looking, `patchmill sql` for all of it."""
COLOURS = {
    "passed": "#2b8a3e", "failed": "#c92a2a", "error": "#e8590c", "exited": "#d9480f", "timeout": "#9c36b5",
    "memory": "#7048e8", "output": "#6741d9", "processes": "#5f3dc4", "files": "#5f3dc4", "no_code": "#868e96",
    "infra": "#1971c2", "unjudged": "#adb5bd", "not_run": "#ced4da",
}  # fmt: skip
STATES = {"right at once": "#2b8a3e", "mended": "#74b816", "never right": "#c92a2a", "not tried": "#ced4da"}
"""Of what became of a problem."""
Pieces = list[tuple[str, str]]
"""One line of a program: CSS class and text of each piece."""


def colour(verdict: str) -> str:
    """A verdict's colour, the same on every page."""
    return COLOURS.get(verdict, "#868e96")


class Html(str):
    """Markup of ours, which a table takes as it is."""


def badge(verdict: str) -> Html:
    """A verdict as a coloured word."""
    return Html(f'<span class="pm-badge" style="background:{colour(verdict)}">{escape(verdict)}</span>')


def plain(text: str) -> str:
    """Text for the places where only markdown is taken: every character that means something there is escaped."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~>:$<&])", r"\\\1", text).replace("\n", " ")


def words(text: str, most: int = 4000) -> str:
    """Prose or output as it stands, in a box that wraps."""
    cut = text if len(text) <= most else f"{text[:most]}\n... ({len(text) - most} more characters)"
    return f'<pre class="pm-text">{escape(cut)}</pre>'


@lru_cache(2000)
def pieces(code: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """A Python program as lines of pieces, cut at the limits above."""
    lines = code.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    cut = [line if len(line) <= MOST_COLUMNS else line[:MOST_COLUMNS] + "..." for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        cut.append(f"# ... {len(lines) - MOST_LINES} more lines")
    made: list[Pieces] = [[]]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(cut)):
        first, *rest = text.split("\n")
        made[-1].append((_css(kind), first))
        for line in rest:
            made.append([(_css(kind), line)])
    return tuple(tuple((css, text) for css, text in line if text) for line in made)


def _css(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind is not Token:
        kind = kind.parent
    return STANDARD_TYPES.get(kind, "")


def spans(line: Iterable[tuple[str, str]]) -> str:
    """Pieces as HTML."""
    return "".join(f'<span class="{css}">{escape(text)}</span>' if css else escape(text) for css, text in line)


def program(code: str) -> str:
    """A Python program with its line numbers."""
    rows = "".join(
        f'<tr><td class="pm-n">{number}</td><td>{spans(line)}</td></tr>' for number, line in enumerate(pieces(code), 1)
    )
    return f'<div class="pm-wide"><table class="pm-code">{rows}</table></div>'


def table(rows: Iterable[Mapping[str, object]], numeric: Iterable[str] = ()) -> str:
    """Rows as an HTML table with the columns of the first; values are text, never markup, except Html."""
    rows, right = list(rows), set(numeric)
    if not rows:
        return '<p class="pm-none">nothing here yet</p>'
    head = "".join(f"<th>{escape(str(name))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=pm-right' if name in right else ''}>{_shown(value)}</td>" for name, value in row.items()
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="pm-wide"><table class="pm-table"><tr>{head}</tr>{body}</table></div>'


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Html):
        return value
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(str(value))


def grid(rows: list[str], columns: list[str], cells: Mapping[tuple[str, str], str], about: Mapping[str, str]) -> str:
    """Programs (rows) by tests (columns), squares coloured by verdict; `about` says what a row or column is."""
    head = "".join(f'<th title="{escape(about.get(c, c))}">{n}</th>' for n, c in enumerate(columns, 1))
    body = "".join(
        f'<tr><th title="{escape(about.get(row, row))}">{escape(about.get(row, row))}</th>'
        + "".join(_cell(cells.get((row, column), "not_run"), column) for column in columns)
        + "</tr>"
        for row in rows
    )
    return f'<div class="pm-wide"><table class="pm-grid"><tr><th></th>{head}</tr>{body}</table></div>'


def _cell(verdict: str, column: str) -> str:
    return f'<td style="background:{colour(verdict)}" title="{escape(verdict)}: {escape(column)}"></td>'


def legend(verdicts: Iterable[str]) -> str:
    """The colours of the verdicts that occur."""
    return f'<p class="pm-legend">{" ".join(badge(v) for v in sorted(set(verdicts)))}</p>'


STYLE = (
    "<style>"
    + HtmlFormatter(style="friendly").get_style_defs(".pm-code")
    + """
.pm-badge { color: #fff; border-radius: .6em; padding: .05em .6em; font-size: .8rem; white-space: nowrap; }
.pm-wide { overflow-x: auto; }
.pm-code { border-collapse: collapse; width: 100%; background: #f8f9fa; color: #212529;
  font: .8rem/1.35 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.pm-code td { border: 0; padding: 0 .5em; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top; }
.pm-code td.pm-n { color: #868e96; text-align: right; width: 1%; white-space: nowrap; user-select: none; }
.pm-diff { table-layout: fixed; }
.pm-diff col.pm-n { width: 2.8em; }
.pm-diff th { text-align: left; padding: .3em .5em; font-weight: 600; }
.pm-gone { background: #ffe3e3; } .pm-gone mark { background: #ffa8a8; color: inherit; padding: 0; }
.pm-new { background: #d3f9d8; } .pm-new mark { background: #8ce99a; color: inherit; padding: 0; }
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
.pm-said { border-left: 3px solid #fab005; padding-left: .7em; margin: .3em 0; font-size: .85rem; }
.pm-none, .pm-note { color: #868e96; font-size: .85rem; }
</style>"""
)
"""Of all pieces, once per page."""
