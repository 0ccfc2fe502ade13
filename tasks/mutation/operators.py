"""The mutation operators: what may stand in the place of one node of a program's tree."""

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
_PAIRS = (
    ("min", "max"), ("any", "all"), ("lower", "upper"), ("lstrip", "rstrip"), ("startswith", "endswith"),
    ("find", "rfind"), ("popleft", "pop"), ("floor", "ceil"), ("union", "intersection"),
)  # fmt: skip
_OTHER_NAME = {**dict(_PAIRS), **{b: a for a, b in _PAIRS if a != "popleft"}}
_ORDERLESS = {"min", "max", "gcd", "lcm", "isinstance", "print"}  # swapped arguments change nothing, or always fail
_DROPPABLE = {
    "sorted", "reversed", "set", "abs", "round", "int", "lower", "upper", "strip", "lstrip", "rstrip", "replace",
    "copy", "casefold", "capitalize", "title", "zfill", "ljust", "rjust", "center",
}  # fmt: skip
_SEQUENCE = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)

Change = tuple[str, ast.AST]


def changes(node: ast.AST, parent: ast.AST, field: str, bound: Mapping[str, int]) -> Iterator[Change]:
    """Operator and replacement of one node, which is left as it is; replacements share its children.

    Args:
        node: a node of the tree.
        parent: the node that holds it.
        field: where the parent holds it.
        bound: how often each name is bound in the whole program.
    """
    match node:
        case ast.cmpop():
            if type(node) in _BOUNDARY:
                yield "comparison_boundary", _BOUNDARY[type(node)]()
            yield "comparison_negation", _NEGATION[type(node)]()
        case ast.operator() if type(node) in _ARITHMETIC and not _of_sequences(parent):
            yield "arithmetic", _ARITHMETIC[type(node)]()
        case ast.BoolOp(op, values):
            yield "boolean", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from (("boolean", _without(node, index)) for index in range(len(values)))
        case ast.UnaryOp(ast.Not() | ast.USub() | ast.Invert(), operand):
            yield "unary", operand
        case ast.Constant(value):
            yield from (("constant", ast.Constant(other)) for other in _others(value))
        case ast.Return(value) if value and not (isinstance(value, ast.Constant) and value.value is None):
            yield "return_none", ast.Return(ast.Constant(None))
        case ast.Break():
            yield "loop_exit", ast.Continue()
        case ast.Continue():
            yield "loop_exit", ast.Break()
        case ast.Slice():
            yield from (("slice", other) for other in _slices(node))
        case ast.Call():
            yield from _calls(node)
    if isinstance(node, ast.expr):
        yield from (("condition", ast.Constant(value)) for value in _fixed(parent, field))
    if isinstance(node, ast.stmt) and _removable(node, bound):
        yield "statement_removal", ast.Pass()


def _of_sequences(parent: ast.AST) -> bool:
    """Whether + or % joins or formats text or lists: any other operator there is an error that every test sees."""
    sides = [getattr(parent, side, None) for side in ("left", "right", "value")]
    return any(
        isinstance(side, _SEQUENCE) or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in sides
    )


def _without(node: ast.BoolOp, index: int) -> ast.expr:
    rest = [*node.values[:index], *node.values[index + 1 :]]
    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _others(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case float():
            return [value + 1]
        case str() | bytes():
            filled = b"x" if isinstance(value, bytes) else "x"
            return [value[:0] if value else filled]
    return []


def _fixed(parent: ast.AST, field: str) -> list[bool]:
    """What a condition may be fixed to. A loop that never ends costs seconds, and every test sees it."""
    if field == "test" and isinstance(parent, ast.If | ast.IfExp):
        return [True, False]
    if field == "test" and isinstance(parent, ast.While):
        return [False]
    return [True] if field == "ifs" else []


def _slices(node: ast.Slice) -> Iterator[ast.Slice]:
    """Each bound dropped, and each that is no constant moved by one: constants are moved as constants."""
    for bound in ("lower", "upper", "step"):
        held = getattr(node, bound)
        if held is None:
            continue
        others: list[ast.expr | None] = [None]
        if bound != "step" and not _is_number(held):
            others.append(ast.BinOp(held, ast.Add(), ast.Constant(1)))
        for other in others:
            moved = ast.Slice(node.lower, node.upper, node.step)
            setattr(moved, bound, other)
            yield moved


def _calls(node: ast.Call) -> Iterator[Change]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    plain = not any(isinstance(arg, ast.Starred) for arg in node.args)
    if name == "range" and plain and node.args:
        at = 0 if len(node.args) == 1 else 1
        if not _is_number(node.args[at]):
            for operator in (ast.Add(), ast.Sub()):
                stop = ast.BinOp(node.args[at], operator, ast.Constant(1))
                yield "range", ast.Call(node.func, [*node.args[:at], stop, *node.args[at + 1 :]], node.keywords)
    elif len(node.args) > 1 and plain and name not in _ORDERLESS:
        first, second, *rest = node.args
        yield "argument", ast.Call(node.func, [second, first, *rest], node.keywords)
    for index in range(len(node.keywords)):
        yield "argument", ast.Call(node.func, node.args, [*node.keywords[:index], *node.keywords[index + 1 :]])
    if name in _DROPPABLE and (isinstance(node.func, ast.Attribute) or len(node.args) == 1):
        yield "call_removal", node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
    if name in ("min", "max") and plain and len(node.args) == 2:
        yield from (("call_removal", arg) for arg in node.args)
    if other := _OTHER_NAME.get(name):
        func = ast.Attribute(node.func.value, other) if isinstance(node.func, ast.Attribute) else ast.Name(other)
        yield "call", ast.Call(func, node.args, node.keywords)


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant)


def _removable(node: ast.stmt, bound: Mapping[str, int]) -> bool:
    """Statements without which a program still has its names: it should fail for what it does, not by a NameError."""
    match node:
        case ast.Assign(targets):
            names = [n.id for target in targets for n in ast.walk(target) if _is_store(n)]  # type: ignore[attr-defined]
            return all(bound[name] > 1 for name in names)
        case ast.Expr(value):
            return not isinstance(value, ast.Constant)
    return isinstance(node, ast.AugAssign | ast.Return | ast.Raise | ast.Delete | ast.Assert)


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
