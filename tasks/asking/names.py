"""Read from a program's syntax tree which names it binds and needs, and whether it reads input. No code is run."""

import ast
import builtins
from collections.abc import Iterable, Iterator

from tasks.reading.python_text import Definition

_GIVEN = frozenset(dir(builtins)) | {"__file__", "__path__", "__class__"}
_INPUT_CALLS = frozenset({"input", "raw_input"})
_OUTPUT_NAMES = frozenset({"print", "stdout"})


def bound_names(tree: ast.Module) -> set[str]:
    """Return the names that a program binds at its top level, also within `if`, `try`, `with` and loops."""
    return {name for node in _top_level(tree.body) for name in _bindings(node)}


def defined_names(tree: ast.Module) -> dict[str, Definition]:
    """Return the functions and classes that a program defines at its top level."""
    return {node.name: node for node in _top_level(tree.body) if isinstance(node, Definition)}


def missing_names(tree: ast.Module) -> set[str]:
    """Return the names that a program reads and binds nowhere; none where it imports all names of a module."""
    bound: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return set()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        bound.update(_bindings(node))
    return read - bound - _GIVEN


def is_stub(tree: ast.Module, name: str) -> bool:
    """Return whether a definition has no body but a docstring, `pass`, `...` or `raise NotImplementedError`."""
    node = defined_names(tree).get(name)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return all(
        isinstance(part, ast.Pass)
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        or (isinstance(part, ast.Raise) and "NotImplementedError" in ast.dump(part))
        for part in node.body
    )


def is_program(tree: ast.Module) -> bool:
    """Return whether a text that parses does more than name things."""
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await) for node in tree.body)


def only_defines(tree: ast.Module) -> bool:
    """Return whether a program calls nothing of its own when it is loaded."""
    return all(
        isinstance(node, Definition | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in tree.body
    )


def reads_input(tree: ast.Module) -> bool:
    """Return whether a program reads standard input anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "stdin":
            return True
        if isinstance(node, ast.alias) and node.name in ("stdin", "fileinput"):
            return True
        if isinstance(node, ast.Name) and node.id in _INPUT_CALLS:
            return True
        if isinstance(node, ast.Call) and node.args and _is_descriptor_read(node):
            return True
    return False


def writes_output(tree: ast.Module) -> bool:
    """Return whether a program writes to standard output anywhere."""
    return any(
        (isinstance(node, ast.Name) and node.id in _OUTPUT_NAMES)
        or (isinstance(node, ast.Attribute) and node.attr in ("stdout", "write"))
        for node in ast.walk(tree)
    )


def _is_descriptor_read(node: ast.Call) -> bool:
    name = ast.unparse(node.func)
    argument = node.args[0]
    if not isinstance(argument, ast.Constant):
        return False
    return (name in ("open", "io.open", "os.fdopen", "os.read") and argument.value == 0) or (
        name in ("open", "io.open") and argument.value == "/dev/stdin"
    )


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(node, Definition):
                yield from _top_level(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from _top_level(handler.body)


def _bindings(node: ast.AST) -> Iterator[str]:
    """Yield the names that one node binds; of a statement, those of its targets."""
    if isinstance(node, Definition):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        yield from [node.name] if node.name else []
    elif isinstance(node, ast.MatchMapping):
        yield from [node.rest] if node.rest else []
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            yield from (n.id for n in ast.walk(item) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
