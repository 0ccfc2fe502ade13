"""Measure how much a piece of code does, and how similar two texts are. Pure."""

import ast
import io
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

Shingles = frozenset[tuple[str, ...]]
"""Every run of n consecutive tokens of a text."""

_DECISIONS = (ast.If, ast.For, ast.While, ast.IfExp, ast.ExceptHandler, ast.match_case)
_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


def count_decisions(node: ast.AST) -> int:
    """Count decisions as McCabe does: branches, loops, handlers, joined conditions, and loops of comprehensions."""
    count = 0
    for part in ast.walk(node):
        if isinstance(part, _DECISIONS):
            count += 1
        elif isinstance(part, ast.BoolOp):
            count += len(part.values) - 1
        elif isinstance(part, ast.comprehension):
            count += 1 + len(part.ifs)
    return count


def count_statements(node: ast.AST) -> int:
    """Count the statements within a definition, without `pass` and constants that stand alone (docstrings)."""
    return sum(
        isinstance(part, ast.stmt)
        and part is not node
        and not isinstance(part, ast.Pass)
        and not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in ast.walk(node)
    )


def tokenize_code(code: str) -> list[str]:
    """Return the tokens of Python code without comments, layout and strings that stand alone.

    Code that Python's tokenizer refuses is split at white space.
    """
    tokens: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in _LAYOUT and not (token.type == tokenize.STRING and token.line.strip() == token.string):
                tokens.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return code.split()
    return tokens


def make_shingles(tokens: Sequence[str], size: int) -> Shingles:
    """Return every run of `size` tokens; of a shorter sequence, the whole."""
    return frozenset(tuple(tokens[i : i + size]) for i in range(max(1, len(tokens) - size + 1)))


def find_near_duplicates(
    shingles_by_key: Mapping[str, Shingles], least_similarity: float, accepted: Iterable[str] = ()
) -> dict[str, str]:
    """Find the texts that are too similar to an earlier one that stays.

    The similarity is the exact Jaccard index of two texts' shingles; an inverted index finds the pairs to compare.

    Args:
        shingles_by_key: shingles of each text. Texts are taken in the order of `accepted`, then by key, so that the
            order of reading does not matter.
        least_similarity: from which on two texts count as one, in (0, 1].
        accepted: keys of texts that always stay, since an earlier run accepted them.

    Returns:
        Key of each duplicate -> key of the text that it duplicates; of several the smallest.
    """
    first_keys = {key: None for key in accepted if key in shingles_by_key}  # a dict keeps the order
    keys_by_shingle: dict[tuple[str, ...], list[str]] = defaultdict(list)
    duplicates: dict[str, str] = {}
    for key in [*first_keys, *sorted(shingles_by_key.keys() - first_keys.keys())]:
        shingles = shingles_by_key[key]
        if key not in first_keys:
            shared = Counter(other for shingle in shingles for other in keys_by_shingle[shingle])
            similar = [
                other
                for other, count in shared.items()
                if count >= least_similarity * (len(shingles) + len(shingles_by_key[other]) - count)
            ]
            if similar:
                duplicates[key] = min(similar)
                continue
        for shingle in shingles:
            keys_by_shingle[shingle].append(key)
    return duplicates
