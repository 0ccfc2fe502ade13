"""The tests in a model's answer: single asserts on the entry point over plain values. Pure text, nothing is run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from judge.problems import TESTS, Asserts, Calls
from tasks.models.protocol import FinishReason
from tasks.reading.python_text import parse

MAX_CHARS = 2000
MAX_TESTS = 50  # of one answer; what repeats itself without end says nothing new
# All that an assert may name beside the entry point: the process that runs tests serves many programs.
PLAIN = frozenset(
    {
        *("abs", "all", "any", "bin", "bool", "bytearray", "bytes", "chr", "complex", "dict", "divmod", "enumerate"),
        *("filter", "float", "frozenset", "hex", "int", "isinstance", "iter", "len", "list", "map", "max", "min"),
        *("next", "oct", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum"),
        *("tuple", "zip"),
    }
)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})", re.MULTILINE)
_START = re.compile(r"^[ \t]*(?:\d+[.)]|[-*])?[ \t]*`?assert\b", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """One assert in one spelling, or the reason why it is no test."""

    test: str | None
    reason: str | None = None


def extract_tests(completion: str, finish: FinishReason, entry_point: str, given: frozenset[str]) -> list[Found]:
    """What an answer holds, in its order; never an empty list.

    Args:
        given: calls that the problem's own tests make, in one spelling; what they grade by may not select, too.

    Reasons: of the answer `empty`, `no_assert`; of an assert `syntax`, `truncated` (the answer was cut in it),
    `too_long`, `no_call` (it does not call the entry point), `not_plain` (it names more than the entry point and
    plain builtins), `no_expectation` (it compares a call with itself), `given`, `duplicate`, `too_many`.
    """
    if not completion.strip():
        return [Found(None, "empty")]
    found: list[Found] = []
    seen: set[str] = set()
    for text, last in _asserts(completion):
        one = _test(text, entry_point, given)
        if one.reason == "syntax" and last and finish == "length":
            one = Found(None, "truncated")
        if one.test in seen:
            one = Found(None, "duplicate")
        if one.test is not None:
            seen.add(one.test)
        if len(found) == MAX_TESTS:
            found.append(Found(None, "too_many"))
            break
        found.append(one)
    return found or [Found(None, "no_assert")]


def given_calls(tests_json: str, entry_point: str) -> frozenset[str]:
    """Calls of the entry point in a problem's own asserts or cases; of other kinds of tests nothing is known."""
    tests = TESTS.validate_json(tests_json)
    match tests:
        case Asserts(asserts=asserts):
            return frozenset(call for text in asserts if (tree := parse(text)) for call in _calls(tree, entry_point))
        case Calls(cases=cases):
            texts = (
                f"{entry_point}({', '.join([*map(repr, c.args), *(f'{k}={v!r}' for k, v in c.kwargs.items())])})"
                for c in cases
            )
            return frozenset(ast.unparse(tree) for text in texts if (tree := parse(text)))
    return frozenset()


def _asserts(completion: str) -> Iterator[tuple[str, bool]]:
    """Each piece of text that begins with `assert`, up to the next one or its fence, and whether it is the last."""
    starts = [match.start() for match in _START.finditer(completion)]
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else len(completion)
        piece = completion[start:end]
        if fence := _FENCE.search(piece):
            piece = piece[: fence.start()]
        yield piece[piece.index("assert") :], n + 1 == len(starts)


def _test(text: str, entry_point: str, given: frozenset[str]) -> Found:
    if len(text) > MAX_CHARS and "\n" not in text[:MAX_CHARS]:
        return Found(None, "too_long")
    node = _statement(text)
    if node is None:
        return Found(None, "syntax")
    calls = _calls(node, entry_point)
    if not calls:
        return Found(None, "no_call")
    if not _plain(node, entry_point.split(".")[0]):
        return Found(None, "not_plain")
    if (
        isinstance(node.test, ast.Compare)
        and len({ast.unparse(e) for e in (node.test.left, *node.test.comparators)}) == 1
    ):
        return Found(None, "no_expectation")
    if given & calls:
        return Found(None, "given")
    spelled = ast.unparse(ast.Assert(node.test))
    return Found(spelled) if len(spelled) <= MAX_CHARS else Found(None, "too_long")


def _statement(text: str) -> ast.Assert | None:
    """The assert that the first lines of `text` hold: as many as make one statement."""
    lines = text.split("\n")
    for most in range(1, min(len(lines), 40) + 1):
        tree = parse("\n".join(lines[:most]).strip().rstrip("`"))
        if tree is not None and tree.body and isinstance(tree.body[0], ast.Assert):
            return tree.body[0]
    return None


def _calls(tree: ast.AST, entry_point: str) -> frozenset[str]:
    return frozenset(
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split("(")[0] == entry_point
    )


def _plain(node: ast.Assert, name: str) -> bool:
    """Whether nothing is named but the entry point, plain builtins and what the expression itself binds."""
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    known = PLAIN | bound | {name}
    for part in ast.walk(node.test):
        if isinstance(part, ast.Name) and part.id not in known:
            return False
        if isinstance(part, ast.Attribute) and part.attr.startswith("_"):
            return False
        if isinstance(part, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return name not in bound
