"""Two programs side by side: which lines differ, and in those which words."""

import re
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape
from itertools import pairwise, zip_longest

from dashboards.markup import pieces, spans

Line = tuple[tuple[str, str], ...]
ALIKE = 0.5
"""Lines less alike than this have nothing to do with one another."""
_COLUMNS = '<colgroup><col class="pm-n"><col><col class="pm-n"><col></colgroup>'
MOST_PAIRS = 400
"""Of lines compared in one stretch; longer ones are put beside one another in order."""


def side_by_side(left: str, right: str, names: tuple[str, str]) -> str:
    """Both programs as an HTML table; what only the left has is red, what only the right has green."""
    ours, theirs = pieces(left), pieces(right)
    rows = []
    matcher = SequenceMatcher(None, [_text(line) for line in ours], [_text(line) for line in theirs], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        for i, j in (
            zip(range(a, b), range(c, d), strict=True) if kind == "equal" else aligned(ours, theirs, (a, b), (c, d))
        ):
            rows.append(_row(ours, theirs, i, j, kind == "equal"))
    head = "".join(f'<th colspan="2">{escape(name)}</th>' for name in names)
    return f'<div class="pm-wide"><table class="pm-code pm-diff">{_COLUMNS}<tr>{head}</tr>{"".join(rows)}</table></div>'


def aligned(
    ours: tuple[Line, ...], theirs: tuple[Line, ...], left: tuple[int, int], right: tuple[int, int]
) -> list[tuple[int | None, int | None]]:
    """Which lines of two differing stretches stand side by side: the most alike ones, then those on both sides."""
    (a, b), (c, d) = left, right
    if a == b or c == d or (b - a) * (d - c) > MOST_PAIRS:
        return list(zip_longest(range(a, b), range(c, d)))
    ratio, i, j = max((_alike(ours[i], theirs[j]), -i, -j) for i in range(a, b) for j in range(c, d))
    i, j = -i, -j
    if ratio < ALIKE:
        return list(zip_longest(range(a, b), range(c, d)))
    return [*aligned(ours, theirs, (a, i), (c, j)), (i, j), *aligned(ours, theirs, (i + 1, b), (j + 1, d))]


@lru_cache(5000)
def _alike(left: Line, right: Line) -> float:
    return SequenceMatcher(None, _text(left), _text(right), autojunk=False).ratio()


def _row(ours: tuple[Line, ...], theirs: tuple[Line, ...], i: int | None, j: int | None, equal: bool) -> str:
    left, right = ours[i] if i is not None else None, theirs[j] if j is not None else None
    marks = ((), ()) if equal or left is None or right is None else changed(_text(left), _text(right))
    cells = ((i, left, marks[0], "pm-gone"), (j, right, marks[1], "pm-new"))
    return (
        "<tr>" + "".join(_cell(number, line, mark, "" if equal else css) for number, line, mark, css in cells) + "</tr>"
    )


def _cell(number: int | None, line: Line | None, marks: tuple[tuple[int, int], ...], css: str) -> str:
    if line is None or number is None:
        return '<td class="pm-n pm-void"></td><td class="pm-void"></td>'
    return f'<td class="pm-n">{number + 1}</td><td class="{css}">{_marked(line, marks)}</td>'


def changed(left: str, right: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Which characters of two lines differ, from and to, by whole words; none where hardly a word is common."""
    a, b = (re.findall(r"\w+|\s+|.", text) for text in (left, right))
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.3:
        return (), ()
    starts = [[0], [0]]
    for words, ends in zip((a, b), starts, strict=True):
        for word in words:
            ends.append(ends[-1] + len(word))
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        tuple((starts[0][i], starts[0][j]) for _, i, j, _, _ in codes if i < j),
        tuple((starts[1][i], starts[1][j]) for _, _, _, i, j in codes if i < j),
    )


def _marked(line: Line, marks: tuple[tuple[int, int], ...]) -> str:
    """A line whose characters from..to stand in <mark>; pieces are cut where a mark begins or ends."""
    cuts = sorted({edge for mark in marks for edge in mark})
    made, at = [], 0
    for css, text in line:
        edges = [0, *(cut - at for cut in cuts if 0 < cut - at < len(text)), len(text)]
        for start, end in pairwise(edges):
            inside = any(first <= at + start < last for first, last in marks)
            part = spans(((css, text[start:end]),))
            made.append(f"<mark>{part}</mark>" if inside else part)
        at += len(text)
    return "".join(made)


def _text(line: Line) -> str:
    return "".join(text for _, text in line)
