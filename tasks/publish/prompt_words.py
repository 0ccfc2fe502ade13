"""The words of a prompt, without case, punctuation, code and examples of calls."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from tasks.reading.python_text import Definition, parse

_WORD = re.compile(r"\w+")
_DOCTEST = re.compile(r"\s*>>>")
_EXAMPLE = re.compile(
    r"\s*([-*#]*\s*(for\s+)?(examples?|sample\s+(input|output)s?)\b\W*\d*\W*$|assert\b|def\s+\w+\s*\(|from\s+\S+\s+import\b|import\s+\w+\s*$)"
    r"|.*\)\s*(==|=|=>|➞|->|→|returns?\b|#)\s*\S",
    re.IGNORECASE,
)
"""A line that shows a call and its value, that announces such lines, or that is code."""


@lru_cache(1 << 12)
def extract_words(prompt: str) -> tuple[str, ...]:
    """Return the words of a task's description, in order and in lower case.

    Of a prompt that is itself Python, as HumanEval's are, only docstrings count. A prompt that holds nothing but code
    and examples keeps their words.
    """
    tree = parse(prompt)
    docstrings = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, Definition)] if tree else []
    text = "\n".join(filter(None, docstrings)) or prompt
    return _split_words("\n".join(_description_lines(text))) or _split_words(prompt)


def _description_lines(text: str) -> Iterator[str]:
    """Yield the lines that are neither an example of a call nor its output."""
    in_doctest = False
    for line in text.splitlines():
        in_doctest = bool(_DOCTEST.match(line)) or (in_doctest and bool(line.strip()))
        if not in_doctest and not _EXAMPLE.match(line):
            yield line


def _split_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
