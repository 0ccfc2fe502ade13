"""How much there is to a piece of code, and how alike two pieces of text are."""

import ast
import io
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

_DECISIONS = (ast.If, ast.For, ast.While, ast.IfExp, ast.ExceptHandler, ast.match_case)
_BLANK = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


def decisions(node: ast.AST) -> int:
    """McCabe's count of decisions: branches, loops, handlers, conditions joined, and the loops of comprehensions."""
    count = 0
    for part in ast.walk(node):
        if isinstance(part, _DECISIONS):
            count += 1
        elif isinstance(part, ast.BoolOp):
            count += len(part.values) - 1
        elif isinstance(part, ast.comprehension):
            count += 1 + len(part.ifs)
    return count


def statements(node: ast.AST) -> int:
    """Statements within a definition; constants that stand alone (docstrings) and `pass` do not count."""
    return sum(
        isinstance(part, ast.stmt)
        and part is not node
        and not isinstance(part, ast.Pass)
        and not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in ast.walk(node)
    )


def code_tokens(code: str) -> list[str]:
    """Tokens of Python code; comments, layout and strings that stand alone are left out."""
    tokens: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in _BLANK and not (token.type == tokenize.STRING and token.line.strip() == token.string):
                tokens.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return code.split()
    return tokens


def shingles(tokens: Sequence[str], size: int) -> frozenset[tuple[str, ...]]:
    """Runs of `size` tokens; of a shorter sequence, the whole."""
    return frozenset(tuple(tokens[i : i + size]) for i in range(max(1, len(tokens) - size + 1)))


def near_duplicates(
    sets: Mapping[str, frozenset[tuple[str, ...]]], least: float, first: Iterable[str] = ()
) -> dict[str, str]:
    """Which texts are near an earlier one that stays: exact Jaccard over shingles, found by an inverted index.

    Args:
        sets: shingles by key; keys are taken in order of `first`, then sorted, so that the order of reading is nothing.
        least: similarity from which two texts count as one, in (0, 1].
        first: keys that stay whatever they are like (they were accepted before).

    Returns:
        Key of each duplicate -> key of the text it is near to.
    """
    held = {key: None for key in first if key in sets}  # in this order
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    near: dict[str, str] = {}
    for key in [*held, *sorted(sets.keys() - held.keys())]:
        mine = sets[key]
        if key not in held:
            shared = Counter(other for shingle in mine for other in holders[shingle])
            alike = [o for o, n in shared.items() if n >= least * (len(mine) + len(sets[o]) - n)]
            if alike:
                near[key] = min(alike)
                continue
        for shingle in mine:
            holders[shingle].append(key)
    return near
