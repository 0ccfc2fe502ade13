"""Which functions and classes of a file may become seeds of tasks, and why the others may not. Nothing is run."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from tasks.mining.measures import decisions, statements
from tasks.mining.plain import foreign, header, imports, not_plain, parameters
from tasks.reading.python_text import Definition, find_definitions, parse
from tasks.settings import MineSettings

Reason = Literal[
    "too_large", "not_utf8", "not_python", "generated", "borrowed", "other_licence",  # of a file
    "async", "decorated", "too_short", "too_long", "parameters", "returns_nothing", "trivial", "not_plain",
    "not_self_contained", "too_deep", "builtin_name", "bases", "methods", "near_duplicate",  # of a function or class
]  # fmt: skip
MAX_PARAMETERS = 6
_SKIPPED = {
    "tests", "test", "testing", "_testing", "conftest.py", "setup.py", "vendor", "vendored", "_vendor", "_vendored",
    "third_party", "extern", "externals", "_extern", "node_modules", "build", "dist", "docs", "doc", "examples",
    "benchmarks", "migrations", "venv", "site-packages",
}  # fmt: skip
_MADE = re.compile(
    r"do not edit|@generated|^# ?(?:auto-?)?generated"
    r"|(?:file|module|code) (?:is|was|has been) (?:auto(?:matically )?-?)?generated",
    re.IGNORECASE | re.MULTILINE,
)
_BORROWED = re.compile(
    r"vendored|stack ?overflow|\b(?:adapted|borrowed|copied|lifted|ported|stolen|taken) from\b", re.IGNORECASE
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*(.+)")
_HEAD_CHARS = 1500
_KEEPING = {"lru_cache", "cache"}  # decorators that leave a function's meaning as it is
_METHOD_KINDS = {"property", "staticmethod", "classmethod"}


@dataclass(frozen=True)
class Candidate:
    """A public function or class; `reason` says why it is no seed, and is None where it is one."""

    kind: Literal["function", "class"]
    name: str
    line: int
    code: str
    signature: str
    reason: Reason | None = None
    detail: str = ""


def skipped(path: PurePosixPath) -> bool:
    """Whether a file is no source of tasks by its place: tests, set-up, vendored, hidden, made by protoc."""
    return (
        any(part in _SKIPPED or part.startswith(".") for part in path.parts)
        or path.name.startswith("test_")
        or path.name.endswith(("_test.py", "_pb2.py", "_pb2_grpc.py"))
    )


def generated(text: str) -> bool:
    """Whether a file's head says that a program wrote it."""
    return _MADE.search(text[:_HEAD_CHARS]) is not None


def borrowed(text: str) -> bool:
    """Whether a file's head, or a function, says that it came from elsewhere, where another licence may hold."""
    return _BORROWED.search(text[:_HEAD_CHARS]) is not None


def stated_licence(text: str) -> str | None:
    """The licence that a file's own head states, where it does so in SPDX's way."""
    found = _SPDX.search(text[:_HEAD_CHARS])
    return found[1].strip(" */#-\"'") if found else None


def candidates(text: str, how: MineSettings) -> Iterator[Candidate] | None:
    """Public functions and classes of a file in order of line; None where it is no Python 3."""
    tree = parse(text)
    if tree is None:
        return None
    lines, imported = text.split("\n"), imports(tree)
    found = sorted(find_definitions(tree).values(), key=lambda node: node.lineno)
    return (_candidate(node, lines, imported, how) for node in found if _public(node.name))


def _public(name: str) -> bool:
    return len(name) > 2 and not name.startswith("_") and not name.lower().startswith("test") and name != "main"


def _candidate(node: Definition, lines: list[str], imported: dict[str, str], how: MineSettings) -> Candidate:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    code = "\n".join(lines[first - 1 : node.end_lineno]) + "\n"
    kind: Literal["function", "class"] = "class" if isinstance(node, ast.ClassDef) else "function"
    try:
        reason, detail = _fault(node, code, imported, how) or (None, "")
        signature = _signature(node) if reason is None else ""
    except RecursionError:  # a sum of a thousand terms
        reason, detail, signature = "too_deep", "nested too deep to be written out", ""
    return Candidate(kind, node.name, node.lineno, code, signature, reason, detail)


def _fault(node: Definition, code: str, imported: dict[str, str], how: MineSettings) -> tuple[Reason, str] | None:
    """Why a definition is no seed, by the cheapest question that says so."""
    fault = _class_fault(node, how) if isinstance(node, ast.ClassDef) else _function_fault(node, how)
    if fault is not None:
        return fault
    if borrowed(code):
        return "borrowed", "says that it came from elsewhere"
    if hasattr(builtins, node.name):
        return "builtin_name", node.name
    if (name := foreign(node, node.name, imported)) is not None:
        return "not_self_contained", name
    return None


def _function_fault(node: ast.FunctionDef | ast.AsyncFunctionDef, how: MineSettings) -> tuple[Reason, str] | None:
    if isinstance(node, ast.AsyncFunctionDef):
        return "async", ""
    if (odd := [d for d in node.decorator_list if _decorator(d) not in _KEEPING]) != []:
        return "decorated", ast.unparse(odd[0])
    if (fault := _length_fault(node, how.function_lines)) is not None:
        return fault
    if not 1 <= len(parameters(node)) <= MAX_PARAMETERS:
        return "parameters", f"{len(parameters(node))} named parameters, expected 1 to {MAX_PARAMETERS}"
    if (why := not_plain(node)) is not None:
        return "not_plain", why
    if not any(_gives(value) for value in _returned(node)):
        return "returns_nothing", ""
    if decisions(node) < 1 or statements(node) + decisions(node) < how.least_size:
        return "trivial", f"{statements(node)} statements, {decisions(node)} decisions"
    return None


def _class_fault(node: ast.ClassDef, how: MineSettings) -> tuple[Reason, str] | None:
    if node.keywords or {ast.unparse(base) for base in node.bases} - {"object"}:
        return "bases", ", ".join(map(ast.unparse, node.bases)) or "keywords"
    if node.decorator_list:
        return "decorated", ast.unparse(node.decorator_list[0])
    if (fault := _length_fault(node, how.class_lines)) is not None:
        return fault
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not any(method.name == "__init__" for method in methods):
        return "methods", "no __init__"
    shown = [method for method in methods if _shown(method)]
    if len(shown) < 3:
        return "methods", f"{len(shown) - 1} public methods, expected at least 2"
    for method in shown:
        if isinstance(method, ast.AsyncFunctionDef):
            return "async", method.name
        if (odd := [d for d in method.decorator_list if _decorator(d) not in _METHOD_KINDS]) != []:
            return "decorated", f"{method.name}: {ast.unparse(odd[0])}"
        if (why := not_plain(method, method=not _is_static(method))) is not None:
            return "not_plain", f"{method.name}: {why}"
    if not any(_gives(value) for method in shown for value in _returned(method)):
        return "returns_nothing", ""
    if decisions(node) < 1 or statements(node) + decisions(node) < how.least_size + len(methods):
        return "trivial", f"{statements(node)} statements, {decisions(node)} decisions"
    return None


def _length_fault(node: Definition, bounds: tuple[int, int]) -> tuple[Reason, str] | None:
    """Lines without docstring against the bounds."""
    count = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        count -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    if count < bounds[0]:
        return "too_short", f"{count} lines"
    return ("too_long", f"{count} lines") if count > bounds[1] else None


def _returned(node: ast.AST) -> Iterator[ast.expr | None]:
    """What a function's own return statements give; those of functions within it are theirs."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Return):
            yield part.value
        elif not isinstance(part, Definition | ast.Lambda):
            yield from _returned(part)


def _gives(value: ast.expr | None) -> bool:
    """Whether a returned expression is a value to compare: not None, not a function."""
    return value is not None and not isinstance(value, ast.Lambda) and not _is_none(value)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _shown(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return method.name == "__init__" or not method.name.startswith("_")


def _is_static(method: ast.FunctionDef) -> bool:
    return any(_decorator(d) == "staticmethod" for d in method.decorator_list)


def _decorator(node: ast.expr) -> str:
    """Last part of a decorator's name, called or not."""
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _signature(node: Definition) -> str:
    """What a caller needs: the header of a function, or of a class and its public methods."""
    if not isinstance(node, ast.ClassDef):
        return header(node)
    parts = [f"class {node.name}:"]
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and _shown(method):
            parts += [f"    @{ast.unparse(d)}" for d in method.decorator_list]
            parts.append(f"    {header(method)}")
    return "\n".join(parts)
