"""Split an answer into words and code blocks: CommonMark (markdown-it) first, and what was meant where that fails."""

import re
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tasks.asking.closings import (
    CODE_START,
    add_first_line,
    choose_closing,
    count_lines_of_code,
    ends_with_fence,
    find_closings,
    parses,
    strip_prefix,
)
from tasks.asking.tags import MARKDOWN_TAGS, TAG, read_language

MAX_RESTARTS = 60
"""Blocks of one answer that end elsewhere than CommonMark says; an endless answer costs no more."""

# Code and HTML outside fences stay words, whatever they would be in a rendered page.
_MARKDOWN = MarkdownIt("zero").enable(["code", "fence", "blockquote", "list"])
_MARKDOWN.core.ruler.enableOnly(["normalize", "block"])
_CONTAINER = re.compile(r"^((?:[ \t]*>)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})([^`\n]*)$")
_BEHIND_WORDS = re.compile(r"^([^`\n]*[^`\s][ \t]*)(`{3,}|~{3,})([^`\n]*)$")
_ONE_LINE = re.compile(r"(?<!`)(`{3,})(?!`)(.+?)(?<!`)\1(?!`)")
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One code block."""

    language: str
    """As `read_language` returns it."""
    code: str
    is_closed: bool
    """False for a block that nothing ends but the end of the answer."""
    lines: tuple[int, int]
    """Its lines of the answer, fences included: the first, and the one behind the last, from 0."""

    @property
    def may_be_python(self) -> bool:
        """Whether it is tagged as Python, or not at all."""
        return self.language in ("", "python")


Piece = str | Block
"""Words, or a code block."""


def split_blocks(text: str) -> tuple[Piece, ...]:
    """Return the words and code blocks of an answer in their order; no block lies within another.

    Args:
        text: with line ends of one character.
    """
    return tuple(piece for piece in _Splitter(text).split() if not isinstance(piece, str) or piece.strip())


@dataclass(frozen=True)
class _Opening:
    """The line that opens a block."""

    line: int
    words: str
    """What stands before the fence and belongs to no list and no quotation."""
    prefix: str
    """The marks of lists and quotations before the fence."""
    fence: str
    info: str


class _Splitter:
    """The lines of one answer, the pieces so far, and the line at which the next piece begins."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.pieces: list[Piece] = []
        self.at = 0

    def split(self) -> list[Piece]:
        """Return all pieces."""
        for _ in range(MAX_RESTARTS):
            if not self._read_markdown():
                break
        self._add_words(len(self.lines))
        return self.pieces

    def _read_markdown(self) -> bool:
        """Add pieces up to a block that ends elsewhere than CommonMark says; return whether there is one.

        What follows such a block is to be read anew.
        """
        start = self.at
        for token in _MARKDOWN.parse("\n".join(self.lines[start:]) + "\n"):
            if token.map is None or token.type not in ("fence", "code_block", "inline"):
                continue
            first, end = token.map[0] + start, token.map[1] + start
            if token.type == "fence" and self._add_fence(token, first, end):
                continue
            for line in range(max(first, self.at), end):
                if self._add_one_line(line):
                    return True
                if opening := self._find_opening(line):
                    usual_lines = token.content.count("\n") if token.type == "fence" else 0
                    self._add_loosely(opening, usual_lines)
                    return True
        return False

    def _add_fence(self, token: Token, first: int, end: int) -> bool:
        """Add the block of a fence, or of those within it; return False where it can't be what was meant."""
        language = read_language(token.info)
        is_closed = end - first - 1 > token.content.count("\n")
        is_page = language in MARKDOWN_TAGS or (
            language == "" and is_closed and token.markup not in token.content and not parses(token.content)
        )
        if is_page and _FENCE_LINE.search(token.content):
            self._add_words(first)
            shift = first + 1
            for piece in split_blocks(token.content):
                if isinstance(piece, Block):
                    piece = replace(piece, lines=(piece.lines[0] + shift, piece.lines[1] + shift))
                self.pieces.append(piece)
            self.at = end
            return True
        block, opening = Block(language, token.content, is_closed, (first, end)), self._find_opening(first)
        if opening and not _is_plausible(block, token):
            return False
        if opening and opening.prefix and is_closed:  # CommonMark takes another indentation from each line
            code = strip_prefix(self.lines[first + 1 : end - 1], opening.prefix)
            block = replace(block, code=code) if parses(code) else block
        self._add_block(block)
        return True

    def _find_opening(self, line: int) -> _Opening | None:
        text = self.lines[line]
        if match := _CONTAINER.match(text):
            return _Opening(line, "", match[1], match[2], match[3])
        match = _BEHIND_WORDS.match(text)
        if match is None:
            return None
        is_tag = re.fullmatch(TAG, match[3].strip()) is not None
        if read_language(match[3]) == "python" or (is_tag and match[1].rstrip()[-1] in ":.,;>"):
            return _Opening(line, match[1], "", match[2], match[3])
        return None

    def _add_loosely(self, opening: _Opening, usual_lines: int) -> None:
        """Add the block of an opening line with the best of its possible ends.

        Args:
            usual_lines: lines of code up to CommonMark's end, 0 where it has none.
        """
        language = read_language(opening.info)
        is_python = language in ("", "python")
        closings = find_closings(self.lines, opening.line, opening.prefix, opening.fence)
        closing = choose_closing(closings, is_python, usual_lines)
        if closing is None:
            lines = "\n".join(self.lines[opening.line + 1 :]).rstrip("\n").split("\n")
            count = count_lines_of_code(strip_prefix(lines, opening.prefix)) if is_python else len(lines)
            code, end = strip_prefix(lines[:count], opening.prefix), opening.line + 1 + count
            is_closed = any(line.strip() for line in lines[count:])
        else:
            code, end, is_closed = closing.code, closing.next_line, True
            if closing.rest:
                self.lines[end] = closing.rest
        self._add_words(opening.line)
        if opening.words:
            self.pieces.append(opening.words)
        code = add_first_line(opening.info, code)
        self._add_block(Block(language, code, is_closed, (opening.line, end)))

    def _add_one_line(self, line: int) -> bool:
        """Add a block that opens and ends on one line of words, where it holds Python."""
        for match in _ONE_LINE.finditer(self.lines[line]):
            tag, _, behind = match[2].strip().partition(" ")
            is_tagged = re.fullmatch(TAG, tag) is not None and read_language(tag) == "python"
            code = behind.strip() if is_tagged else match[2].strip()
            if CODE_START.match(code) and parses(code):
                self._add_words(line)
                self.pieces.append(self.lines[line][: match.start()])
                self.pieces.append(Block("python" if is_tagged else "", code + "\n", True, (line, line + 1)))
                self.lines[line] = self.lines[line][match.end() :]
                return True
        return False

    def _add_block(self, block: Block) -> None:
        self._add_words(block.lines[0])
        self.pieces.append(block)
        self.at = block.lines[1]

    def _add_words(self, end: int) -> None:
        if end > self.at:
            self.pieces.append("\n".join(self.lines[self.at : end]))
            self.at = end


def _is_plausible(block: Block, token: Token) -> bool:
    """Return whether a block as CommonMark reads it can be what was meant."""
    if not block.is_closed:
        return False
    if not block.may_be_python:
        return not any(line.lstrip().startswith(token.markup) for line in block.code.split("\n"))
    if parses(block.code) and not ends_with_fence(block.code):
        return block.code.strip() != "" or add_first_line(token.info, block.code) == block.code
    is_within_string = block.code.count('"""') % 2 or block.code.count("'''") % 2
    has_first_line = add_first_line(token.info, block.code) != block.code
    return not (token.markup in block.code or is_within_string or has_first_line)
