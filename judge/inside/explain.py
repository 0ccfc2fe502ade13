"""Let a failing assert say what it got and expected, without changing what the assert does.

Each side is still evaluated once, in order, and compared by Python's own operator, in the same statement.
"""

import ast
from collections.abc import Callable
from typing import Any

from .asserts import SYMBOLS, delay, describe_comparison, describe_untrue, is_constant
from .show import show

LEFT, RIGHT, EXPLAIN = "__left__", "__right__", "__explain__"


def explain(op: str, left: object, right: object, swapped: bool, message: Callable[[], object] | None = None) -> str:
    """Return the message of an assert that did not hold; `swapped`: the expected value stands on the left."""
    text = describe_comparison(op, left, right, swapped) if op else describe_untrue(left)
    if message is None:
        return text
    own = message()
    return f"{text} ({own[:300] if isinstance(own, str) else show(own)})"


class _Explainer(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.generic_visit(node)
        test, op, swapped = node.test, "", False
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right, op = test.left, test.comparators[0], SYMBOLS[type(test.ops[0])]
            swapped = is_constant(left) and not is_constant(right)
            changed: ast.expr = ast.Compare(_keep(LEFT, left), test.ops, [_keep(RIGHT, right)])
        else:
            changed = _keep(LEFT, test)
        sides = [ast.Name(LEFT, ast.Load()), ast.Name(RIGHT, ast.Load()) if op else ast.Constant(None)]
        args: list[ast.expr] = [ast.Constant(op), *sides, ast.Constant(swapped)]
        if node.msg is not None:
            args.append(delay(node.msg))
        statement = ast.Assert(changed, ast.Call(ast.Name(EXPLAIN, ast.Load()), args, []))
        # No longer than the statement: the tests may ask whether an object is still alive.
        forget = ast.Assign([ast.Name(name, ast.Store()) for name in (LEFT, RIGHT)[: 1 + bool(op)]], ast.Constant(None))
        return [ast.fix_missing_locations(ast.copy_location(part, node)) for part in (statement, forget)]


def _keep(name: str, value: ast.expr) -> ast.NamedExpr:
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def explain_asserts(source: str) -> ast.Module:
    """Parse a module whose asserts explain themselves; raises SyntaxError."""
    tree: ast.Module = _Explainer().visit(ast.parse(source))
    return tree


def list_helpers() -> dict[str, Any]:
    """Return the names that such code reads, with their functions."""
    return {EXPLAIN: explain}
