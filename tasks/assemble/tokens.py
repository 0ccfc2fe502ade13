"""Token distance: the share of tokens in which two programs differ."""

import re

from rapidfuzz.distance import Levenshtein

# One expression for valid and broken programs: two tokenizers would report differences that are not there.
_TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
    | (?: \"{3}.*?(?:\"{3}|\Z) | '{3}.*?(?:'{3}|\Z) )       # strings; an unclosed one runs to the end
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?
    | \w+(?:\.\d\w*)?                                        # names, keywords, numbers
    | \*\*=? | //=? | <<=? | >>=? | [-+*/%&|^@=!<>:]= | ->
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)


def split_tokens(code: str) -> list[str]:
    """Return the tokens of a program, valid or not, without comments and layout.

    Indentation is not a token either: a pair of programs that differ in it alone is too similar to learn from.
    """
    return [match[0] for match in _TOKEN.finditer(code) if not match["comment"]]


def token_distance(tokens: list[str], other_tokens: list[str]) -> float:
    """Return the token edits between two programs over the length of the longer one; 0 where both are empty."""
    return Levenshtein.normalized_distance(tokens, other_tokens)
