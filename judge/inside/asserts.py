"""Asserts that say what they got: each is rewritten so that both sides are evaluated once and shown when it fails."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from .show import show

COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.In: "in", ast.NotIn: "not_in", ast.Is: "is_", ast.IsNot: "is_not",
}  # fmt: skip
_DO: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not")
}
_DO["in"] = lambda left, right: left in right
_DO["not_in"] = lambda left, right: left not in right
_WORDS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "!=", "in": "in", "not_in": "not in", "is_": "is"}
COMPARED, TRUTH = "__patchmill_compared__", "__patchmill_truth__"


class FailedError(AssertionError):
    """A rewritten assert that does not hold; its text is what got and expected were."""


def compared(op: str, left: Any, right: Any, swapped: bool, line: int, message: Callable[[], Any] | None) -> None:
    """What `assert left OP right, message` became."""
    __tracebackhide__ = True
    if _DO[op](left, right):
        return
    if op in ("eq", "is_"):
        got, want = (right, left) if swapped else (left, right)
        text = f"got {show(got)}, expected {show(want)}"
    else:
        text = f"{show(left)} {_WORDS.get(op, 'is not')} {show(right)} does not hold"
    raise FailedError(text, line, None if message is None else message())


def truth(value: Any, line: int, message: Callable[[], Any] | None) -> None:
    """What `assert value, message` became."""
    if not value:
        raise FailedError(f"got {show(value)}, expected it to be true", line, None if message is None else message())


class _Rewrite(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        says: ast.expr = ast.Constant(None)
        if node.msg is not None:
            empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            says = ast.Lambda(empty, node.msg)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            swapped = _literal(left) and not _literal(right)
            args: list[ast.expr] = [ast.Constant(COMPARE[type(test.ops[0])]), left, right, ast.Constant(swapped)]
            call = ast.Call(ast.Name(COMPARED, ast.Load()), [*args, ast.Constant(node.lineno), says], [])
        else:
            call = ast.Call(ast.Name(TRUTH, ast.Load()), [test, ast.Constant(node.lineno), says], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))


def _literal(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node))


def rewritten(source: str) -> ast.Module:
    """The module with every assert replaced; raises SyntaxError."""
    tree: ast.Module = _Rewrite().visit(ast.parse(source))
    return tree


def helpers() -> dict[str, Any]:
    """The two names that rewritten code calls."""
    return {COMPARED: compared, TRUTH: truth}
