"""Whether code can be called with plain values, and what a caller needs to know of it. Trees in, text out."""

import ast
import builtins
import copy
import symtable
from collections.abc import Iterator, Mapping, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef

PURE_MODULES = frozenset({
    "abc", "array", "base64", "binascii", "bisect", "calendar", "cmath", "codecs", "collections", "collections.abc",
    "colorsys", "copy", "dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch", "fractions", "functools",
    "hashlib", "heapq", "html", "ipaddress", "itertools", "json", "keyword", "math", "numbers", "operator", "re",
    "shlex", "statistics", "string", "struct", "textwrap", "typing", "unicodedata", "urllib.parse", "zlib",
})  # fmt: skip
"""Modules of the standard library that touch no file, network, process, clock, interpreter or source of chance."""

_BUILTINS = frozenset(dir(builtins))
_BANNED = {
    "open", "input", "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "breakpoint", "exit", "quit",
    "help", "id", "hash", "memoryview", "super", "print", "getattr", "setattr", "delattr", "hasattr",
    "__file__", "__name__",
}  # fmt: skip
_CLOCK = {"now", "today", "utcnow"}
_TYPES = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "bytes": "bytes", "complex": "complex",
    "list": "list", "dict": "dict", "set": "set", "frozenset": "frozenset", "tuple": "tuple", "None": "None",
    "object": "object", "Any": "object", "List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset",
    "Tuple": "tuple",
    "Text": "str", "AnyStr": "str", "Sequence": "list", "MutableSequence": "list", "Iterable": "list",
    "Iterator": "list", "Collection": "list", "Container": "list", "Mapping": "dict", "MutableMapping": "dict",
    "AbstractSet": "set", "Optional": "Optional", "Union": "Union", "Literal": "Literal",
}  # fmt: skip
"""Names in annotations of plain values, and how a signature without imports says them."""
_PLAIN_ATTRIBUTES = frozenset(
    name for kind in (str, bytes, int, float, list, dict, set, frozenset, tuple) for name in dir(kind)
)


def imports(tree: ast.Module) -> dict[str, str]:
    """What each name imported at the top level of a file stands for, as `module` or `module.name`."""
    found: dict[str, str] = {}
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        match waiting.pop():
            case ast.Import(names):
                found |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in names}
            case ast.ImportFrom(module, names, level):
                found |= {alias.asname or alias.name: f"{'.' * level}{module or ''}.{alias.name}" for alias in names}
            case ast.If(body=body, orelse=orelse):
                waiting += [*body, *orelse]
            case ast.Try(body=body, handlers=handlers, orelse=orelse):
                waiting += [*body, *orelse, *(node for handler in handlers for node in handler.body)]
    return found


def foreign(node: ast.stmt, own: str, imported: Mapping[str, str]) -> str | None:
    """The first thing a function or class needs beyond builtins and pure modules; None where there is nothing.

    Args:
        own: its own name, which it may use.
        imported: what names at the top level of its file stand for.
    """
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            modules = [a.name for a in part.names] if isinstance(part, ast.Import) else [f"{part.module}"]
            if bad := [module for module in modules if not _pure(module)]:
                return bad[0]
        if isinstance(part, ast.Attribute) and part.attr in _CLOCK:
            return part.attr
    for name in sorted(_globals(node)):
        stands_for = imported.get(name)
        if name in _BANNED or (stands_for is not None and not _pure(stands_for)):
            return name
        if stands_for is None and name != own and name not in _BUILTINS:
            return name
    return None


def _pure(module: str) -> bool:
    """Whether `module`, or the module that `module.name` is taken from, is a pure one."""
    return module in PURE_MODULES or module.rpartition(".")[0] in PURE_MODULES


def _globals(node: ast.stmt) -> set[str]:
    """Names that a definition's bodies take from outside of it; annotations do not count."""
    bare = ast.unparse(_Bare().visit(copy.deepcopy(node)))

    def within(table: symtable.SymbolTable) -> Iterator[str]:
        for symbol in table.get_symbols():
            if symbol.is_referenced() and symbol.is_global():
                yield symbol.get_name()
        for inner in table.get_children():
            yield from within(inner)

    return {name for scope in symtable.symtable(bare, "<seed>", "exec").get_children() for name in within(scope)}


class _Bare(ast.NodeTransformer):
    """Takes annotations, decorators and defaults off every function: those are looked at by themselves."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
        node.args.kw_defaults = [d and ast.Constant(None) for d in node.args.kw_defaults]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=node.lineno))


def parameters(node: Function) -> list[ast.arg]:
    """Named parameters in order, those for keywords alone last."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def not_plain(node: Function, method: bool = False) -> str | None:
    """Why a function can't be called with plain values or gives none back; None where it can.

    A method's first parameter (`self`) is left out of account.
    """
    named = parameters(node)[1 if method else 0 :]
    if node.args.vararg or node.args.kwarg:
        return "takes any number of arguments"
    for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
        if not _literal(default):
            return f"default {ast.unparse(default)}"
    for annotation in [*(arg.annotation for arg in named), node.returns]:
        if annotation is not None and _plain_type(annotation) is None:
            return f"type {ast.unparse(annotation)}"
    names = {arg.arg for arg in named}
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id=name)) if name in names:
                return f"parameter {name} is called"
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in names and attr not in _PLAIN_ATTRIBUTES:
                return f"parameter {name} needs .{attr}"
            case ast.With() | ast.AsyncWith() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Global():
                return f"uses {type(part).__name__.lower()}"
    return None


def header(node: Function) -> str:
    """`def name(parameters) -> type:` in plain types, for a function for which `not_plain` finds nothing."""
    args = copy.deepcopy(node.args)
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
        arg.annotation = arg.annotation and _plain_type(arg.annotation)
    returns = node.returns and _plain_type(node.returns)
    text = f"def {node.name}({ast.unparse(args)})"
    return f"{text} -> {ast.unparse(returns)}:" if returns else f"{text}:"


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def _plain_type(node: ast.expr) -> ast.expr | None:
    """An annotation in builtin names alone; None where it speaks of anything but plain values."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                return _plain_type(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return None
        case ast.Constant():
            return node if node.value is None or node.value is ... else None
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return ast.Name(_TYPES[name]) if name in _TYPES else None
        case ast.BinOp(left, ast.BitOr(), right):
            return _union([left, right])
        case ast.List(elts):
            inner = [_plain_type(e) for e in elts]
            return ast.List([e for e in inner if e]) if all(inner) else None
        case ast.Subscript(value, inside):
            return _generic(_plain_type(value), inside)
    return None


def _generic(base: ast.expr | None, inside: ast.expr) -> ast.expr | None:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    match base:
        case ast.Name(id="Literal"):
            return _union([ast.Name(type(p.value).__name__) for p in parts if isinstance(p, ast.Constant)][:1])
        case ast.Name(id="Optional"):
            return _union([*parts, ast.Name("None")])
        case ast.Name(id="Union"):
            return _union(parts)
        case ast.Name():
            inner = [_plain_type(p) for p in parts]
            if all(inner):
                kept = [p for p in inner if p]
                return ast.Subscript(base, kept[0] if len(kept) == 1 else ast.Tuple(kept))
    return None


def _union(parts: Sequence[ast.expr]) -> ast.expr | None:
    """`a | b | ...`, each kind once."""
    plain = [_plain_type(part) for part in parts]
    kept = {ast.unparse(p): p for p in plain if p}
    if not all(plain) or not kept:
        return None
    first, *rest = kept.values()
    for part in rest:
        first = ast.BinOp(first, ast.BitOr(), part)
    return first
