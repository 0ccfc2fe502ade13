"""Extract the tests of a model's answer: single asserts on the entry point over plain values. No code is run."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from judge.problems import TESTS, Asserts, Calls
from tasks.asking.answers import read_answer
from tasks.asking.blocks import Piece
from tasks.asking.refusals import is_refusal
from tasks.models.protocol import FinishReason
from tasks.reading.python_text import parse

MAX_CHARS = 2000
MAX_TESTS = 50  # of one answer: a model may repeat itself without end
# All that an assert may name beside the entry point, since one driver runs the tests of many programs.
PLAIN = frozenset(
    {
        *("abs", "all", "any", "bin", "bool", "bytearray", "bytes", "chr", "complex", "dict", "divmod", "enumerate"),
        *("filter", "float", "frozenset", "hex", "int", "isinstance", "iter", "len", "list", "map", "max", "min"),
        *("next", "oct", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum"),
        *("tuple", "zip"),
    }
)
_START = re.compile(r"^[ \t]*(?:\d+[.)]|[-*])?[ \t]*`?assert\b", re.MULTILINE)


@dataclass(frozen=True)
class ExtractedTest:
    """One assert in a normal form, or the reason why it is no test."""

    test: str | None
    reason: str | None = None


def extract_tests(
    completion: str,
    finish: FinishReason,
    entry_point: str,
    own_calls: frozenset[str],
    reasoning: str | None = None,
) -> list[ExtractedTest]:
    """Return the tests of an answer in its order; the list is never empty.

    Args:
        own_calls: calls that the problem's own tests make (`calls_of_own_tests`): these grade, so they may not select.
        reasoning: what the model thought, where it does not stand in the completion.

    Reasons: of the answer `empty`, `only_thinking`, `truncated` (cut in its thinking), `refused`, `no_assert`; of an
    assert `syntax`, `truncated` (the answer was cut in it), `too_long`, `no_call` (it does not call the entry point),
    `not_plain` (it names more than the entry point and plain builtins), `no_expectation` (it compares a call with
    itself), `given`, `duplicate`, `too_many`.
    """
    answer = read_answer(completion, finish, reasoning)
    if answer.no_answer is not None:
        return [ExtractedTest(None, answer.no_answer)]
    tests: list[ExtractedTest] = []
    distinct: set[str] = set()
    for text, is_last in _asserts(answer.pieces):
        test = _extract_test(text, entry_point, own_calls)
        if test.reason == "syntax" and is_last and finish == "length":
            test = ExtractedTest(None, "truncated")
        if test.test in distinct:
            test = ExtractedTest(None, "duplicate")
        if test.test is not None:
            distinct.add(test.test)
        if len(tests) == MAX_TESTS:
            tests.append(ExtractedTest(None, "too_many"))
            break
        tests.append(test)
    return tests or [ExtractedTest(None, "refused" if is_refusal(answer.text) else "no_assert")]


def calls_of_own_tests(tests_json: str, entry_point: str) -> frozenset[str]:
    """Return the calls of the entry point in a problem's own asserts or cases; none for other kinds of tests."""
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


def _asserts(pieces: Sequence[Piece]) -> Iterator[tuple[str, bool]]:
    """Yield each text from `assert` to the next one or the end of its piece, and whether it is the last of all."""
    texts = []
    for piece in pieces:
        text = piece if isinstance(piece, str) else piece.code
        starts = [match.start() for match in _START.finditer(text)]
        texts += [text[start:end] for start, end in pairwise([*starts, len(text)])]
    for n, text in enumerate(texts, 1):
        yield text[text.index("assert") :], n == len(texts)


def _extract_test(text: str, entry_point: str, own_calls: frozenset[str]) -> ExtractedTest:
    if len(text) > MAX_CHARS and "\n" not in text[:MAX_CHARS]:
        return ExtractedTest(None, "too_long")
    node = _parse_assert(text)
    if node is None:
        return ExtractedTest(None, "syntax")
    calls = _calls(node, entry_point)
    if not calls:
        return ExtractedTest(None, "no_call")
    if not _is_plain(node, entry_point.split(".")[0]):
        return ExtractedTest(None, "not_plain")
    if (
        isinstance(node.test, ast.Compare)
        and len({ast.unparse(e) for e in (node.test.left, *node.test.comparators)}) == 1
    ):
        return ExtractedTest(None, "no_expectation")
    if own_calls & calls:
        return ExtractedTest(None, "given")
    normal_form = ast.unparse(ast.Assert(node.test))
    return ExtractedTest(normal_form) if len(normal_form) <= MAX_CHARS else ExtractedTest(None, "too_long")


def _parse_assert(text: str) -> ast.Assert | None:
    """Return the assert that the fewest first lines of `text` make up; None where they make none."""
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


def _is_plain(node: ast.Assert, name: str) -> bool:
    """Return whether an assert names only the entry point, plain builtins and what its expression binds."""
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    allowed = PLAIN | bound | {name}
    for part in ast.walk(node.test):
        if isinstance(part, ast.Name) and part.id not in allowed:
            return False
        if isinstance(part, ast.Attribute) and part.attr.startswith("_"):
            return False
        if isinstance(part, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return name not in bound
