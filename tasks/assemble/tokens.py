"""How far two programs are apart, in tokens."""

import re

from rapidfuzz.distance import Levenshtein

# One reader for sound and broken programs: two would find differences between them that are none.
_TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
    | (?: \"{3}.*?(?:\"{3}|\Z) | '{3}.*?(?:'{3}|\Z) )       # strings; one that is not closed goes on to the end
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?
    | \w+(?:\.\d\w*)?                                        # names, keywords, numbers
    | \*\*=? | //=? | <<=? | >>=? | [-+*/%&|^@=!<>:]= | ->
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(code: str) -> list[str]:
    """The tokens of a program, as good as Python's own for comparing; comments and layout are none.

    A change of indentation alone is so no change, though it may be one of meaning: it is too small to be learnt from.
    """
    return [match[0] for match in _TOKEN.finditer(code) if not match["comment"]]


def token_distance(one: list[str], other: list[str]) -> float:
    """Tokens to insert, delete or replace to make one program the other, over the longer's number; 0 of two empty."""
    return Levenshtein.normalized_distance(one, other)
