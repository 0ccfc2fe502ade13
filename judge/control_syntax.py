"""Questions about the syntax of test code: what is constant, what certainly runs, what is only compared."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from judge.control_values import NotConstantError, evaluate

EQUALITIES = {
    "assertEqual", "assertEquals", "assertListEqual", "assertTupleEqual", "assertDictEqual", "assertSetEqual",
    "assertSequenceEqual", "assertMultiLineEqual", "assertIs",
}  # fmt: skip
SKIPS = {"skipTest", "SkipTest"}
OPEN_CONTEXTS = {
    "subTest", "patch", "object", "dict", "redirect_stdout", "redirect_stderr", "open", "TemporaryDirectory",
    "NamedTemporaryFile", "catch_warnings", "assertLogs", "assertWarns", "localcontext", "nullcontext",
}  # fmt: skip
"""Contexts that let exceptions pass."""


def list_compared(root: ast.AST) -> Iterator[ast.expr]:
    for part in ast.walk(root):
        if isinstance(part, ast.Compare) and all(isinstance(op, ast.Eq) for op in part.ops):
            yield from (part.left, *part.comparators)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in EQUALITIES:
            yield from part.args[:2]


def is_compared_alone(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement asserts that something equals this name, and nothing else."""
    sides: list[ast.expr] = []
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            sides = [left, right]
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method), args=args)) if method in EQUALITIES:
            sides = args[:2]
    return sum(isinstance(side, ast.Name) and side.id == name for side in sides) == 1


def list_columns(target: ast.expr, source: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield each name of a loop with its values, where these stand in the code."""
    match source:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if isinstance(target, ast.Tuple):
            yield from list_columns(target.elts[-1], inner)
        case ast.Call(func=ast.Name(id="zip"), args=columns) if isinstance(target, ast.Tuple):
            shortest = min(
                (len(column.elts) for column in columns if isinstance(column, ast.List | ast.Tuple)), default=0
            )
            for name, column in zip(target.elts, columns, strict=False):
                if isinstance(name, ast.Name) and isinstance(column, ast.List | ast.Tuple) and all_listed(columns):
                    yield name.id, column.elts[:shortest]
        case ast.List(elts=rows) | ast.Tuple(elts=rows) if isinstance(target, ast.Tuple):
            for at, name in enumerate(target.elts):
                tuples = [row.elts for row in rows if isinstance(row, ast.Tuple | ast.List)]
                if isinstance(name, ast.Name) and all(len(row) == len(target.elts) for row in tuples):
                    yield name.id, [row[at] for row in tuples]


def all_listed(columns: Sequence[ast.expr]) -> bool:
    return all(isinstance(column, ast.List | ast.Tuple) for column in columns)


def list_numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from list_numbers(item)


def is_constant(node: ast.expr) -> bool:
    try:
        evaluate(node)
    except NotConstantError:
        return False
    return True


def is_number(value: object) -> bool:
    """Return whether a value is a finite number, and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def is_list(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple)


def is_array(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="array"), args=[first, *_]):
            return is_constant(first)
    return False


def binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(target))


def lets_pass(item: ast.withitem) -> bool:
    call = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
    return isinstance(call, ast.Name | ast.Attribute) and (
        (call.id if isinstance(call, ast.Name) else call.attr) in OPEN_CONTEXTS
    )


def has_items(source: ast.expr) -> bool:
    match source:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return bool(items) and not any(isinstance(item, ast.Starred) for item in items)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return has_items(inner)
        case ast.Call(func=ast.Name(id="zip"), args=columns):
            return bool(columns) and all(map(has_items, columns))
    try:
        return bool(evaluate(source))
    except NotConstantError:
        return False


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Return whether control may leave these statements without an exception that fails the test."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ast.walk(statement):
            if isinstance(part, ast.Return | ast.Break | ast.Continue):
                return True
            if isinstance(part, ast.Name | ast.Attribute):
                name = part.id if isinstance(part, ast.Name) else part.attr
                if name in SKIPS:
                    return True
    return False


def always_raises(statement: ast.stmt) -> bool:
    match statement:
        case ast.Raise() | ast.Assert(test=ast.Constant(value=False)):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="fail"))):
            return True
    return False
