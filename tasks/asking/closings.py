"""Where a code block ends that CommonMark ends elsewhere: the places that may be meant, and the choice among them.

Models write words behind a closing fence and code before it, forget it, put fences into docstrings, and leave the
indentation of the list that a block stands in. An end that makes the block parse as Python is what was meant.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from tasks.asking.tags import TAG, is_known_tag
from tasks.reading.python_text import parse

MAX_PLACES = 80
"""Places tried as the end of one block."""

CODE_START = re.compile(
    r"(?:@|(?:async )?def |class |import |from |print\(|if |for |while |[\w.]+(?:, ?[\w.]+)* ?[-+*/|&]?=)"
)
_SENTENCE_START = re.compile(r"[\W_]*[A-Z][\w'\u2019]*(?:[ ,.!:]|$)")


@dataclass(frozen=True)
class Closing:
    """A place where a block may end."""

    tier: int
    """0: a line that is a fence. 1: a fence, then words. 2: a fence behind code. 3: the fence of the next block."""
    code: str
    next_line: int
    rest: str
    """What follows the fence on its line."""


@lru_cache(maxsize=32)  # the same few blocks are asked about again and again
def parses(code: str) -> bool:
    """Return whether code is Python."""
    return parse(code) is not None


def normalize_code(code: str) -> str:
    """Return code without what surrounds a whole block at times: an indentation, the tag as its first line."""
    first, _, behind_first = code.lstrip("\n").partition("\n")
    if first.strip().lower() in ("python", "python3", "py"):
        code = behind_first
    if parses(code):
        return code
    dedented = textwrap.dedent(code)
    candidates = (dedented, dedented.lstrip(" \t"), dedented.replace("\u00a0", " "))
    return next((candidate for candidate in candidates if candidate != code and parses(candidate)), code)


def find_closings(lines: Sequence[str], opening: int, prefix: str, fence: str) -> list[Closing]:
    """Return the places where a block may end, in their order.

    Args:
        lines: of the answer.
        opening: the line that opens the block.
        prefix: the marks of lists and quotations before its fence.
        fence: the fence.
    """
    return list(islice(_find_all(lines, opening, prefix, fence), MAX_PLACES))


def _find_all(lines: Sequence[str], opening: int, prefix: str, fence: str) -> Iterator[Closing]:
    mark = re.compile(rf"{re.escape(fence)}{re.escape(fence[0])}*")
    for n in range(opening + 1, len(lines)):
        for match in mark.finditer(lines[n]):
            before, behind = lines[n][: match.start()], lines[n][match.end() :].strip()
            code = strip_prefix(lines[opening + 1 : n], prefix)
            if before.strip(" \t>"):
                code = strip_prefix([*lines[opening + 1 : n], before.rstrip()], prefix)
                yield Closing(2, code, n if behind else n + 1, behind)
            elif not behind:
                yield Closing(0, code, n + 1, "")
            elif re.fullmatch(TAG, behind) and is_known_tag(behind):
                yield Closing(3, code, n, lines[n])
            else:
                yield Closing(1, code, n, behind)


def choose_closing(closings: Sequence[Closing], is_python: bool, usual_lines: int) -> Closing | None:
    """Return the end that makes a block parse as Python, lines of fences first; else CommonMark's; else the first.

    Args:
        closings: as `find_closings` returns them.
        is_python: whether the block may hold Python; of other languages the first end is taken.
        usual_lines: lines of code up to CommonMark's end, 0 where it has none.
    """
    if is_python:
        # Words never parse, so of the fences behind code the last is right: others stand in comments.
        for tiers, places in (((0,), closings), ((0, 1), closings), ((0, 1, 2), closings[::-1]), ((3,), closings)):
            for closing in places:
                if closing.tier in tiers and _is_whole(closing):
                    return closing
        for closing in closings:
            if closing.tier == 0 and closing.code.count("\n") == usual_lines:
                return closing
    return closings[0] if closings else None


def ends_with_fence(code: str) -> bool:
    """Return whether code ends with a fence and a blank line: behind a comment it still parses."""
    return code.endswith("\n\n") and code.rstrip().endswith(("```", "~~~"))


def _is_whole(closing: Closing) -> bool:
    if not closing.code.strip() or (closing.tier != 2 and ends_with_fence(closing.code)):
        return False
    return parses(normalize_code(closing.code))


def count_lines_of_code(code: str) -> int:
    """Return how many first lines of a block without an end are code; the others are words."""
    lines = code.split("\n")
    if not parses(normalize_code(code)):
        starts = [n for n, line in enumerate(lines) if n and _SENTENCE_START.match(line) and not parses(line)]
        for n in reversed(starts[-MAX_PLACES:]):
            head = "\n".join(lines[:n])
            if head.strip() and parses(normalize_code(head)):
                return n
    return len(lines) - 1 if code.endswith("\n") else len(lines)


def add_first_line(info: str, code: str) -> str:
    """Return code with what stands behind the tag of its fence, where that is its first line."""
    behind = info.strip().partition(" ")[2].strip()
    if not CODE_START.match(behind) or (code.strip() and parses(code)):
        return code
    return f"{behind}\n{code}" if parses(f"{behind}\n{code}") else code


def strip_prefix(lines: Sequence[str], prefix: str) -> str:
    """Return the lines of a block without the marks and the indentation of the list or quotation it stands in.

    Where some line is indented less than the fence, all lose the same, so that the code's own indentation stays.
    """
    for _ in range(prefix.count(">")):
        lines = [re.sub(r"^[ \t]*> ?", "", line, count=1) for line in lines]
    width = len(prefix.rpartition(">")[2].expandtabs(4))
    common = min((_indentation(line) for line in lines if line.strip()), default=0)
    code = "".join(f"{_strip_indentation(line, min(width, common))}\n" for line in lines)
    if common >= width or parses(code):
        return code
    return "".join(f"{_strip_indentation(line, width)}\n" for line in lines)


def _indentation(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" "))


def _strip_indentation(line: str, width: int) -> str:
    while width > 0 and line[:1] in (" ", "\t"):
        width -= 1 if line[0] == " " else 4
        line = line[1:]
    return line
