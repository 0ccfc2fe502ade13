"""Rewrite asserts so that a failing one shows what it got and expected, with each side evaluated once."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from .show import show

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.In: "in", ast.NotIn: "not_in", ast.Is: "is_", ast.IsNot: "is_not",
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not")
}
_COMPARE["in"] = lambda left, right: left in right
_COMPARE["not_in"] = lambda left, right: left not in right
_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "!=", "in": "in", "not_in": "not in", "is_": "is"}
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
    if op in ("eq", "is_"):
        actual, expected = (right, left) if swapped else (left, right)
        text = f"got {show(actual)}, expected {show(expected)}"
    else:
        text = f"{show(left)} {_SYMBOLS.get(op, 'is not')} {show(right)} does not hold"
    raise FailedError(text, line, None if message is None else message())


def check_truth(value: object, line: int, message: Message) -> None:
    """Do what `assert value, message` does; raises FailedError where the value is false."""
    if not value:
        raise FailedError(f"got {show(value)}, expected it to be true", line, None if message is None else message())


class _AssertRewriter(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        message: ast.expr = ast.Constant(None)
        if node.msg is not None:
            no_arguments = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            message = ast.Lambda(no_arguments, node.msg)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            swapped = _is_constant(left) and not _is_constant(right)
            args: list[ast.expr] = [ast.Constant(_OPERATORS[type(test.ops[0])]), left, right, ast.Constant(swapped)]
            call = ast.Call(ast.Name(COMPARED, ast.Load()), [*args, ast.Constant(node.lineno), message], [])
        else:
            call = ast.Call(ast.Name(TRUTH, ast.Load()), [test, ast.Constant(node.lineno), message], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))


def _is_constant(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node))


def rewrite_asserts(source: str) -> ast.Module:
    """Parse a module and replace every assert in it by a call of a helper; raises SyntaxError."""
    tree: ast.Module = _AssertRewriter().visit(ast.parse(source))
    return tree


def list_helpers() -> dict[str, Any]:
    """Return the names that rewritten code calls, with their functions."""
    return {COMPARED: check_comparison, TRUTH: check_truth}
