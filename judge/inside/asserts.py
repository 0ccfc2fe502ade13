"""Rewrite asserts so that a failing one shows what it got and expected, with each side evaluated once."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from .show import show

SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda left, right: left in right, "not in": lambda left, right: left not in right,
    "is": operator.is_, "is not": operator.is_not,
}  # fmt: skip
COMPARED, TRUTH = "__patchmill_compared__", "__patchmill_truth__"
Message = Callable[[], object] | None


class FailedError(AssertionError):
    """A rewritten assert that does not hold; its arguments are (text, line, the assert's own message or None)."""


def check_comparison(op: str, left: Any, right: Any, swapped: bool, line: int, message: Message) -> None:
    """Do what `assert left OP right, message` does; `swapped` says that the expected value stands on the left.

    Raises:
        FailedError: the comparison is false.
    """
    __tracebackhide__ = True
    if _COMPARE[op](left, right):
        return
    text = describe_comparison(op, left, right, swapped)
    raise FailedError(text, line, None if message is None else message())


def describe_comparison(op: str, left: object, right: object, swapped: bool) -> str:
    """Return in words that a comparison does not hold; see check_comparison."""
    if op in ("==", "is"):
        actual, expected = (right, left) if swapped else (left, right)
        return f"got {show(actual)}, expected {show(expected)}"
    return f"{show(left)} {op} {show(right)} does not hold"


def check_truth(value: object, line: int, message: Message) -> None:
    """Do what `assert value, message` does; raises FailedError where the value is false."""
    if not value:
        raise FailedError(describe_untrue(value), line, None if message is None else message())


def describe_untrue(value: object) -> str:
    """Return in words that an asserted value is false."""
    return f"got {show(value)}, expected it to be true"


class _AssertRewriter(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        message: ast.expr = ast.Constant(None)
        if node.msg is not None:
            message = delay(node.msg)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            swapped = is_constant(left) and not is_constant(right)
            args: list[ast.expr] = [ast.Constant(SYMBOLS[type(test.ops[0])]), left, right, ast.Constant(swapped)]
            call = ast.Call(ast.Name(COMPARED, ast.Load()), [*args, ast.Constant(node.lineno), message], [])
        else:
            call = ast.Call(ast.Name(TRUTH, ast.Load()), [test, ast.Constant(node.lineno), message], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))


def delay(value: ast.expr) -> ast.Lambda:
    """Return a function that evaluates an expression only when it is called."""
    no_arguments = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(no_arguments, value)


def is_constant(node: ast.expr) -> bool:
    """Return whether an expression names nothing: such a side of a comparison is the expected value."""
    return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node))


def rewrite_asserts(source: str) -> ast.Module:
    """Parse a module and replace every assert in it by a call of a helper; raises SyntaxError."""
    tree: ast.Module = _AssertRewriter().visit(ast.parse(source))
    return tree


def list_helpers() -> dict[str, Any]:
    """Return the names that rewritten code calls, with their functions."""
    return {COMPARED: check_comparison, TRUTH: check_truth}
