"""The mutation operators: what may replace one node of a program's syntax tree."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

_Cmp: TypeAlias = type[ast.cmpop]
_Op: TypeAlias = type[ast.operator]
_BOUNDARY: dict[_Cmp, _Cmp] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_NEGATION: dict[_Cmp, _Cmp] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[_Op, _Op] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
}  # fmt: skip
_OPPOSITE_NAMES = (
    ("min", "max"), ("any", "all"), ("lower", "upper"), ("lstrip", "rstrip"), ("startswith", "endswith"),
    ("find", "rfind"), ("popleft", "pop"), ("floor", "ceil"), ("union", "intersection"),
)  # fmt: skip
_REPLACEMENT_NAMES = {**dict(_OPPOSITE_NAMES), **{b: a for a, b in _OPPOSITE_NAMES if a != "popleft"}}
_SYMMETRIC = {"min", "max", "gcd", "lcm", "isinstance", "print"}  # swapped arguments change nothing or always fail
_REMOVABLE_CALLS = {
    "sorted", "reversed", "set", "abs", "round", "int", "lower", "upper", "strip", "lstrip", "rstrip", "replace",
    "copy", "casefold", "capitalize", "title", "zfill", "ljust", "rjust", "center",
}  # fmt: skip
_SEQUENCE_NODES = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)

Change = tuple[str, ast.AST]
"""Name of the operator, and the node that replaces another."""


def propose_changes(node: ast.AST, parent: ast.AST, field: str, bindings: Mapping[str, int]) -> Iterator[Change]:
    """Yield every change of one node. The node itself is not changed; replacements share its children.

    Args:
        node: a node of the tree.
        parent: the node that holds it.
        field: the parent's field that holds it.
        bindings: how often the whole program binds each name.
    """
    match node:
        case ast.cmpop():
            if type(node) in _BOUNDARY:
                yield "comparison_boundary", _BOUNDARY[type(node)]()
            yield "comparison_negation", _NEGATION[type(node)]()
        case ast.operator() if type(node) in _ARITHMETIC and not _joins_sequences(parent):
            yield "arithmetic", _ARITHMETIC[type(node)]()
        case ast.BoolOp(op, values):
            yield "boolean", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from (("boolean", _remove_operand(node, index)) for index in range(len(values)))
        case ast.UnaryOp(ast.Not() | ast.USub() | ast.Invert(), operand):
            yield "unary", operand
        case ast.Constant(value):
            yield from (("constant", ast.Constant(new)) for new in _replace_constant(value))
        case ast.Return(value) if value and not (isinstance(value, ast.Constant) and value.value is None):
            yield "return_none", ast.Return(ast.Constant(None))
        case ast.Break():
            yield "loop_exit", ast.Continue()
        case ast.Continue():
            yield "loop_exit", ast.Break()
        case ast.Slice():
            yield from (("slice", other) for other in _change_slice(node))
        case ast.Call():
            yield from _change_call(node)
    if isinstance(node, ast.expr):
        yield from (("condition", ast.Constant(value)) for value in _fixed_conditions(parent, field))
    if isinstance(node, ast.stmt) and _is_removable(node, bindings):
        yield "statement_removal", ast.Pass()


def _joins_sequences(parent: ast.AST) -> bool:
    """Return whether + or % joins or formats text or lists; every test notices another operator there."""
    sides = [getattr(parent, side, None) for side in ("left", "right", "value")]
    return any(
        isinstance(side, _SEQUENCE_NODES) or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in sides
    )


def _remove_operand(node: ast.BoolOp, index: int) -> ast.expr:
    operands = [*node.values[:index], *node.values[index + 1 :]]
    return operands[0] if len(operands) == 1 else ast.BoolOp(node.op, operands)


def _replace_constant(value: Any) -> list[Any]:
    """Return other values of the same type; none for types without an operator."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case float():
            return [value + 1]
        case str() | bytes():
            letter = b"x" if isinstance(value, bytes) else "x"
            return [value[:0] if value else letter]
    return []


def _fixed_conditions(parent: ast.AST, field: str) -> list[bool]:
    """Return the constants that may replace a condition.

    A `while` never becomes endless: that costs seconds, and every test notices it.
    """
    if field == "test" and isinstance(parent, ast.If | ast.IfExp):
        return [True, False]
    if field == "test" and isinstance(parent, ast.While):
        return [False]
    return [True] if field == "ifs" else []


def _change_slice(node: ast.Slice) -> Iterator[ast.Slice]:
    """Yield the slice without each of its bounds, and with each bound moved by one.

    Bounds that are constants are not moved here, since the operator `constant` changes them.
    """
    for bound in ("lower", "upper", "step"):
        value = getattr(node, bound)
        if value is None:
            continue
        replacements: list[ast.expr | None] = [None]
        if bound != "step" and not _is_constant(value):
            replacements.append(ast.BinOp(value, ast.Add(), ast.Constant(1)))
        for replacement in replacements:
            changed = ast.Slice(node.lower, node.upper, node.step)
            setattr(changed, bound, replacement)
            yield changed


def _change_call(node: ast.Call) -> Iterator[Change]:
    """Yield changes of the arguments, the removal of the call, and a call of a similar function."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    is_plain = not any(isinstance(arg, ast.Starred) for arg in node.args)
    if name == "range" and is_plain and node.args:
        stop = 0 if len(node.args) == 1 else 1
        if not _is_constant(node.args[stop]):
            for operator in (ast.Add(), ast.Sub()):
                moved = ast.BinOp(node.args[stop], operator, ast.Constant(1))
                yield "range", ast.Call(node.func, [*node.args[:stop], moved, *node.args[stop + 1 :]], node.keywords)
    elif len(node.args) > 1 and is_plain and name not in _SYMMETRIC:
        first, second, *others = node.args
        yield "argument", ast.Call(node.func, [second, first, *others], node.keywords)
    for index in range(len(node.keywords)):
        yield "argument", ast.Call(node.func, node.args, [*node.keywords[:index], *node.keywords[index + 1 :]])
    if name in _REMOVABLE_CALLS and (isinstance(node.func, ast.Attribute) or len(node.args) == 1):
        yield "call_removal", node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
    if name in ("min", "max") and is_plain and len(node.args) == 2:
        yield from (("call_removal", arg) for arg in node.args)
    if new_name := _REPLACEMENT_NAMES.get(name):
        func = ast.Attribute(node.func.value, new_name) if isinstance(node.func, ast.Attribute) else ast.Name(new_name)
        yield "call", ast.Call(func, node.args, node.keywords)


def _is_constant(node: ast.expr) -> bool:
    """Return whether an expression is a constant, possibly with a sign."""
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant)


def _is_removable(node: ast.stmt, bindings: Mapping[str, int]) -> bool:
    """Return whether all names stay bound without a statement.

    A mutant should fail for what it does, not with a NameError.
    """
    match node:
        case ast.Assign(targets):
            names = [name for target in targets for name in _stored_names(target)]
            return all(bindings[name] > 1 for name in names)
        case ast.Expr(value):
            return not isinstance(value, ast.Constant)
    return isinstance(node, ast.AugAssign | ast.Return | ast.Raise | ast.Delete | ast.Assert)


def _stored_names(target: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
