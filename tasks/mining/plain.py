"""Decide whether code can be called with plain values, and write the header that its callers see.

Pure: syntax trees in, text out. Plain values are those of builtin types: text, numbers, bytes and containers of them.
"""

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
"""Modules of the standard library that touch no file, network, process, clock, interpreter or random source."""

_BUILTINS = frozenset(dir(builtins))
_BANNED = {
    "open", "input", "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "breakpoint", "exit", "quit",
    "help", "id", "hash", "memoryview", "super", "print", "getattr", "setattr", "delattr", "hasattr",
    "__file__", "__name__",
}  # fmt: skip
_CLOCK = {"now", "today", "utcnow"}
_PLAIN_TYPES = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "bytes": "bytes", "complex": "complex",
    "list": "list", "dict": "dict", "set": "set", "frozenset": "frozenset", "tuple": "tuple", "None": "None",
    "object": "object", "Any": "object", "List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset",
    "Tuple": "tuple",
    "Text": "str", "AnyStr": "str", "Sequence": "list", "MutableSequence": "list", "Iterable": "list",
    "Iterator": "list", "Collection": "list", "Container": "list", "Mapping": "dict", "MutableMapping": "dict",
    "AbstractSet": "set", "Optional": "Optional", "Union": "Union", "Literal": "Literal",
}  # fmt: skip
"""Names in annotations of plain values -> their names in a signature without imports."""
_PLAIN_ATTRIBUTES = frozenset(
    name for kind in (str, bytes, int, float, list, dict, set, frozenset, tuple) for name in dir(kind)
)


def collect_imports(tree: ast.Module) -> dict[str, str]:
    """Return what each name imported at the top level of a file refers to, as `module` or `module.name`."""
    targets: dict[str, str] = {}
    pending: list[ast.AST] = [*tree.body]
    while pending:
        match pending.pop():
            case ast.Import(names):
                targets |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in names}
            case ast.ImportFrom(module, names, level):
                targets |= {alias.asname or alias.name: f"{'.' * level}{module or ''}.{alias.name}" for alias in names}
            case ast.If(body=body, orelse=orelse):
                pending += [*body, *orelse]
            case ast.Try(body=body, handlers=handlers, orelse=orelse):
                pending += [*body, *orelse, *(node for handler in handlers for node in handler.body)]
    return targets


def find_dependency(definition: ast.stmt, own_name: str, imports: Mapping[str, str]) -> str | None:
    """Return the first name that a function or class needs beyond builtins and pure modules, or None.

    Args:
        definition: the function or class.
        own_name: its name, which it may use.
        imports: what the names imported at the top level of its file refer to.
    """
    for part in ast.walk(definition):
        if isinstance(part, ast.Import | ast.ImportFrom):
            modules = [a.name for a in part.names] if isinstance(part, ast.Import) else [f"{part.module}"]
            if impure := [module for module in modules if not _is_pure(module)]:
                return impure[0]
        if isinstance(part, ast.Attribute) and part.attr in _CLOCK:
            return part.attr
    for name in sorted(_find_globals(definition)):
        target = imports.get(name)
        if name in _BANNED or (target is not None and not _is_pure(target)):
            return name
        if target is None and name != own_name and name not in _BUILTINS:
            return name
    return None


def _is_pure(module: str) -> bool:
    """Return whether `module`, or the module that `module.name` is imported from, is a pure one."""
    return module in PURE_MODULES or module.rpartition(".")[0] in PURE_MODULES


def _find_globals(definition: ast.stmt) -> set[str]:
    """Return the names that a definition's bodies take from outside of it; annotations do not count."""
    source = ast.unparse(_StripHeaders().visit(copy.deepcopy(definition)))

    def walk_globals(table: symtable.SymbolTable) -> Iterator[str]:
        for symbol in table.get_symbols():
            if symbol.is_referenced() and symbol.is_global():
                yield symbol.get_name()
        for inner in table.get_children():
            yield from walk_globals(inner)

    scopes = symtable.symtable(source, "<seed>", "exec").get_children()
    return {name for scope in scopes for name in walk_globals(scope)}


class _StripHeaders(ast.NodeTransformer):
    """Remove annotations, decorators and defaults from every function: other checks look at those."""

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


def list_parameters(node: Function) -> list[ast.arg]:
    """Return the named parameters in order, keyword-only ones last."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def find_non_plain(node: Function, is_method: bool = False) -> str | None:
    """Return why a function cannot be called with plain values or returns none, or None where it can.

    The first parameter of a method (`self`) does not count.
    """
    named = list_parameters(node)[1 if is_method else 0 :]
    if node.args.vararg or node.args.kwarg:
        return "takes any number of arguments"
    for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
        if not _is_literal(default):
            return f"default {ast.unparse(default)}"
    for annotation in [*(arg.annotation for arg in named), node.returns]:
        if annotation is not None and _convert_type(annotation) is None:
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


def render_header(node: Function) -> str:
    """Return `def name(parameters) -> type:` in plain types, of a function in which `find_non_plain` finds nothing."""
    args = copy.deepcopy(node.args)
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
        arg.annotation = arg.annotation and _convert_type(arg.annotation)
    returns = node.returns and _convert_type(node.returns)
    text = f"def {node.name}({ast.unparse(args)})"
    return f"{text} -> {ast.unparse(returns)}:" if returns else f"{text}:"


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def _convert_type(annotation: ast.expr) -> ast.expr | None:
    """Return an annotation in builtin names alone, or None where it names anything but plain values."""
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                return _convert_type(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return None
        case ast.Constant():
            return annotation if annotation.value is None or annotation.value is ... else None
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return ast.Name(_PLAIN_TYPES[name]) if name in _PLAIN_TYPES else None
        case ast.BinOp(left, ast.BitOr(), right):
            return _convert_union([left, right])
        case ast.List(elts):
            elements = [_convert_type(element) for element in elts]
            return ast.List([element for element in elements if element]) if all(elements) else None
        case ast.Subscript(value, arguments):
            return _convert_generic(_convert_type(value), arguments)
    return None


def _convert_generic(base: ast.expr | None, arguments: ast.expr) -> ast.expr | None:
    """Return `base[arguments]` in builtin names alone; of a Literal the type of its first value."""
    parts = arguments.elts if isinstance(arguments, ast.Tuple) else [arguments]
    match base:
        case ast.Name(id="Literal"):
            return _convert_union([ast.Name(type(p.value).__name__) for p in parts if isinstance(p, ast.Constant)][:1])
        case ast.Name(id="Optional"):
            return _convert_union([*parts, ast.Name("None")])
        case ast.Name(id="Union"):
            return _convert_union(parts)
        case ast.Name():
            types = [_convert_type(part) for part in parts]
            if all(types):
                plain_types = [plain for plain in types if plain]
                return ast.Subscript(base, plain_types[0] if len(plain_types) == 1 else ast.Tuple(plain_types))
    return None


def _convert_union(parts: Sequence[ast.expr]) -> ast.expr | None:
    """Return `a | b | ...` in builtin names alone, each type once; None where a part has none."""
    types = [_convert_type(part) for part in parts]
    distinct_types = {ast.unparse(plain): plain for plain in types if plain}
    if not all(types) or not distinct_types:
        return None
    union, *others = distinct_types.values()
    for other in others:
        union = ast.BinOp(union, ast.BitOr(), other)
    return union
