"""Two programs side by side: the lines that differ, and the words that differ within similar lines."""

import re
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape
from itertools import pairwise, zip_longest

from dashboards.markup import CodeLine, render_tokens, split_tokens

Span = tuple[int, int]
"""First and end index: of characters in a line, or of lines in a program."""
LinePair = tuple[int | None, int | None]
"""Indexes of two lines that stand side by side; None where one side is blank."""
SIMILAR = 0.5
"""Lines with a lower ratio are not paired."""
SIMILAR_WORDS = 0.3
"""Words of lines with a lower ratio are not marked."""
MOST_COMPARISONS = 400
"""Pairs of lines compared within one stretch; a larger stretch is paired line by line."""
_COLUMNS = '<colgroup><col class="pm-number"><col><col class="pm-number"><col></colgroup>'


def render_diff(left: str, right: str, titles: tuple[str, str]) -> str:
    """Return both programs as an HTML table. Only the left program's text is red, only the right one's green."""
    left_lines, right_lines = split_tokens(left), split_tokens(right)
    texts = [[_text(line) for line in lines] for lines in (left_lines, right_lines)]
    rows = []
    for kind, a, b, c, d in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        is_equal = kind == "equal"
        pairs = (
            zip(range(a, b), range(c, d), strict=True)
            if is_equal
            else pair_lines(left_lines, right_lines, (a, b), (c, d))
        )
        rows += [_row(left_lines, right_lines, pair, is_equal) for pair in pairs]
    head = "".join(f'<th colspan="2">{escape(title)}</th>' for title in titles)
    return f'<div class="pm-wide"><table class="pm-code pm-diff">{_COLUMNS}<tr>{head}</tr>{"".join(rows)}</table></div>'


def pair_lines(
    left_lines: tuple[CodeLine, ...], right_lines: tuple[CodeLine, ...], left: Span, right: Span
) -> list[LinePair]:
    """Pair the lines of two differing stretches: the most similar ones, then those before and after them."""
    (a, b), (c, d) = left, right
    in_order = list(zip_longest(range(a, b), range(c, d)))
    if a == b or c == d or (b - a) * (d - c) > MOST_COMPARISONS:
        return in_order
    ratio, i, j = max((_similarity(left_lines[i], right_lines[j]), -i, -j) for i in range(a, b) for j in range(c, d))
    i, j = -i, -j  # of equal ratios the first pair wins
    if ratio < SIMILAR:
        return in_order
    before = pair_lines(left_lines, right_lines, (a, i), (c, j))
    return [*before, (i, j), *pair_lines(left_lines, right_lines, (i + 1, b), (j + 1, d))]


@lru_cache(5000)
def _similarity(left: CodeLine, right: CodeLine) -> float:
    return SequenceMatcher(None, _text(left), _text(right), autojunk=False).ratio()


def _row(left_lines: tuple[CodeLine, ...], right_lines: tuple[CodeLine, ...], pair: LinePair, is_equal: bool) -> str:
    i, j = pair
    left, right = left_lines[i] if i is not None else None, right_lines[j] if j is not None else None
    spans: tuple[tuple[Span, ...], tuple[Span, ...]] = ((), ())
    if not is_equal and left is not None and right is not None:
        spans = changed_spans(_text(left), _text(right))
    cells = ((i, left, spans[0], "pm-removed"), (j, right, spans[1], "pm-added"))
    return f"<tr>{''.join(_cell(n, line, marks, '' if is_equal else css) for n, line, marks, css in cells)}</tr>"


def _cell(index: int | None, line: CodeLine | None, marks: tuple[Span, ...], css: str) -> str:
    if line is None or index is None:
        return '<td class="pm-number pm-void"></td><td class="pm-void"></td>'
    return f'<td class="pm-number">{index + 1}</td><td class="{css}">{_render_marked(line, marks)}</td>'


def changed_spans(left: str, right: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the characters of each line that differ, by whole words; none where the lines share hardly a word."""
    left_words, right_words = (re.findall(r"\w+|\s+|.", text) for text in (left, right))
    matcher = SequenceMatcher(None, left_words, right_words, autojunk=False)
    if matcher.ratio() < SIMILAR_WORDS:
        return (), ()
    left_starts, right_starts = _word_starts(left_words), _word_starts(right_words)
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        tuple((left_starts[i], left_starts[j]) for _, i, j, _, _ in changes if i < j),
        tuple((right_starts[i], right_starts[j]) for _, _, _, i, j in changes if i < j),
    )


def _word_starts(words: list[str]) -> list[int]:
    """Return the index of each word's first character, and the length of all words."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _render_marked(line: CodeLine, marks: tuple[Span, ...]) -> str:
    """Return a line with the marked characters in <mark>; tokens are cut where a mark begins or ends."""
    cuts = sorted({edge for mark in marks for edge in mark})
    parts, offset = [], 0
    for css, text in line:
        edges = [0, *(cut - offset for cut in cuts if 0 < cut - offset < len(text)), len(text)]
        for start, end in pairwise(edges):
            is_marked = any(first <= offset + start < last for first, last in marks)
            part = render_tokens(((css, text[start:end]),))
            parts.append(f"<mark>{part}</mark>" if is_marked else part)
        offset += len(text)
    return "".join(parts)


def _text(line: CodeLine) -> str:
    return "".join(text for _, text in line)
