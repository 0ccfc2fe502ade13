"""Let a failing assert say what it got and expected, without changing what the assert does.

Each side is still evaluated once, in order, and compared by Python's own operator, in the same statement.
"""

import ast
from collections.abc import Callable
from typing import Any

from .show import show

LEFT, RIGHT, EXPLAIN = "__left__", "__right__", "__explain__"
_SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip


def explain(op: str, left: object, right: object, swapped: bool, message: Callable[[], object] | None = None) -> str:
    """Return the message of an assert that did not hold; `swapped`: the expected value stands on the left."""
    if op in ("==", "is"):
        actual, expected = (right, left) if swapped else (left, right)
        text = f"got {show(actual)}, expected {show(expected)}"
    elif op:
        text = f"{show(left)} {op} {show(right)} does not hold"
    else:
        text = f"got {show(left)}, expected it to be true"
    if message is None:
        return text
    own = message()
    return f"{text} ({own[:300] if isinstance(own, str) else show(own)})"


class _Explainer(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.generic_visit(node)
        test, op, swapped = node.test, "", False
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right, op = test.left, test.comparators[0], _SYMBOLS[type(test.ops[0])]
            swapped = _is_constant(left) and not _is_constant(right)
            changed: ast.expr = ast.Compare(_keep(LEFT, left), test.ops, [_keep(RIGHT, right)])
        else:
            changed = _keep(LEFT, test)
        sides = [ast.Name(LEFT, ast.Load()), ast.Name(RIGHT, ast.Load()) if op else ast.Constant(None)]
        args: list[ast.expr] = [ast.Constant(op), *sides, ast.Constant(swapped)]
        if node.msg is not None:
            no_arguments = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            args.append(ast.Lambda(no_arguments, node.msg))
        statement = ast.Assert(changed, ast.Call(ast.Name(EXPLAIN, ast.Load()), args, []))
        # No longer than the statement: the tests may ask whether an object is still alive.
        forget = ast.Assign([ast.Name(name, ast.Store()) for name in (LEFT, RIGHT)[: 1 + bool(op)]], ast.Constant(None))
        return [ast.fix_missing_locations(ast.copy_location(part, node)) for part in (statement, forget)]


def _keep(name: str, value: ast.expr) -> ast.NamedExpr:
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def _is_constant(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node))


def explain_asserts(source: str) -> ast.Module:
    """Parse a module whose asserts explain themselves; raises SyntaxError."""
    tree: ast.Module = _Explainer().visit(ast.parse(source))
    return tree


def list_helpers() -> dict[str, Any]:
    """Return the names that such code reads, with their functions."""
    return {EXPLAIN: explain}
