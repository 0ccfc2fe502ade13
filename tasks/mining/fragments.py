"""Find the functions and classes of a file that may become seeds, and say why the others may not. Nothing is run."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from tasks.mining.measures import count_decisions, count_statements
from tasks.mining.plain import (
    Function,
    collect_imports,
    find_dependency,
    find_non_plain,
    list_parameters,
    render_header,
)
from tasks.mining.settings import MiningSettings
from tasks.reading.python_text import Definition, find_definitions, parse

FileReason = Literal["too_large", "not_utf8", "not_python", "generated", "borrowed", "other_licence"]
"""Why a whole file is left out."""
FragmentReason = Literal[
    "async", "decorated", "too_short", "too_long", "parameters", "returns_nothing", "trivial", "not_plain", "borrowed",
    "not_self_contained", "too_deep", "builtin_name", "bases", "methods",
]  # fmt: skip
"""Why a function or class is left out."""
MAX_PARAMETERS = 6
_SKIPPED_PARTS = {
    "tests", "test", "testing", "_testing", "conftest.py", "setup.py", "vendor", "vendored", "_vendor", "_vendored",
    "third_party", "extern", "externals", "_extern", "node_modules", "build", "dist", "docs", "doc", "examples",
    "benchmarks", "migrations", "venv", "site-packages",
}  # fmt: skip
_GENERATED = re.compile(
    r"do not edit|@generated|^# ?(?:auto-?)?generated"
    r"|(?:file|module|code) (?:is|was|has been) (?:auto(?:matically )?-?)?generated",
    re.IGNORECASE | re.MULTILINE,
)
_BORROWED = re.compile(
    r"vendored|stack ?overflow|\b(?:adapted|borrowed|copied|lifted|ported|stolen|taken) from\b", re.IGNORECASE
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*(.+)")
_HEAD_CHARS = 1500
_CACHES = {"lru_cache", "cache"}  # decorators that do not change what a function returns
_METHOD_DECORATORS = {"property", "staticmethod", "classmethod"}

FragmentFault = tuple[FragmentReason, str]
"""Reason and detail."""


@dataclass(frozen=True)
class Fragment:
    """A public function or class of a file; a seed where `reason` is None."""

    kind: Literal["function", "class"]
    name: str
    line: int
    """Of the `def` or `class`, from 1."""
    code: str
    signature: str
    """Its header in plain types, of a class with the headers of its public methods; empty where it is no seed."""
    reason: FragmentReason | None = None
    detail: str = ""


def is_skipped(place: PurePosixPath) -> bool:
    """Return whether a file's name or folder excludes it: tests, set-up, docs, vendored, hidden, made by protoc."""
    return (
        any(part in _SKIPPED_PARTS or part.startswith(".") for part in place.parts)
        or place.name.startswith("test_")
        or place.name.endswith(("_test.py", "_pb2.py", "_pb2_grpc.py"))
    )


def is_generated(text: str) -> bool:
    """Return whether the head of a file says that a program wrote it."""
    return _GENERATED.search(text[:_HEAD_CHARS]) is not None


def is_borrowed(text: str) -> bool:
    """Return whether the head of a file or function says that it was copied, so that another licence may apply."""
    return _BORROWED.search(text[:_HEAD_CHARS]) is not None


def find_spdx_licence(text: str) -> str | None:
    """Return the licence that the head of a file states as `SPDX-License-Identifier`, or None."""
    statement = _SPDX.search(text[:_HEAD_CHARS])
    return statement[1].strip(" */#-\"'") if statement else None


def find_fragments(text: str, settings: MiningSettings) -> Iterator[Fragment] | None:
    """Return the public functions and classes of a file in order of line, or None where it is not Python 3."""
    tree = parse(text)
    if tree is None:
        return None
    lines, imports = text.split("\n"), collect_imports(tree)
    definitions = sorted(find_definitions(tree).values(), key=lambda node: node.lineno)
    return (_read_fragment(node, lines, imports, settings) for node in definitions if _is_public(node.name))


def _is_public(name: str) -> bool:
    return len(name) > 2 and not name.startswith("_") and not name.lower().startswith("test") and name != "main"


def _read_fragment(node: Definition, lines: list[str], imports: dict[str, str], settings: MiningSettings) -> Fragment:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    code = "\n".join(lines[first - 1 : node.end_lineno]) + "\n"
    kind: Literal["function", "class"] = "class" if isinstance(node, ast.ClassDef) else "function"
    try:
        reason, detail = _find_fault(node, code, imports, settings) or (None, "")
        signature = _render_signature(node) if reason is None else ""
    except RecursionError:  # a sum of a thousand terms
        reason, detail, signature = "too_deep", "nested too deep to be written out", ""
    return Fragment(kind, node.name, node.lineno, code, signature, reason, detail)


def _find_fault(node: Definition, code: str, imports: dict[str, str], settings: MiningSettings) -> FragmentFault | None:
    """Return why a definition is no seed, or None; cheap checks come first."""
    if isinstance(node, ast.ClassDef):
        fault = _find_class_fault(node, settings)
    else:
        fault = _find_function_fault(node, settings)
    if fault is not None:
        return fault
    if is_borrowed(code):
        return "borrowed", "says that it came from elsewhere"
    if hasattr(builtins, node.name):
        return "builtin_name", node.name
    if (name := find_dependency(node, node.name, imports)) is not None:
        return "not_self_contained", name
    return None


def _find_function_fault(
    node: ast.FunctionDef | ast.AsyncFunctionDef, settings: MiningSettings
) -> FragmentFault | None:
    if isinstance(node, ast.AsyncFunctionDef):
        return "async", ""
    if (decorator := _find_other_decorator(node, _CACHES)) is not None:
        return "decorated", decorator
    if (fault := _find_length_fault(node, settings.function_lines)) is not None:
        return fault
    if not 1 <= len(list_parameters(node)) <= MAX_PARAMETERS:
        return "parameters", f"{len(list_parameters(node))} named parameters, expected 1 to {MAX_PARAMETERS}"
    if (detail := find_non_plain(node)) is not None:
        return "not_plain", detail
    if not _returns_value(node):
        return "returns_nothing", ""
    return _find_trivial_fault(node, settings.least_size)


def _find_class_fault(node: ast.ClassDef, settings: MiningSettings) -> FragmentFault | None:
    if node.keywords or {ast.unparse(base) for base in node.bases} - {"object"}:
        return "bases", ", ".join(map(ast.unparse, node.bases)) or "keywords"
    if node.decorator_list:
        return "decorated", ast.unparse(node.decorator_list[0])
    if (fault := _find_length_fault(node, settings.class_lines)) is not None:
        return fault
    methods = [part for part in node.body if isinstance(part, Function)]
    if not any(method.name == "__init__" for method in methods):
        return "methods", "no __init__"
    public_methods = [method for method in methods if _is_public_method(method)]
    if len(public_methods) < 3:
        return "methods", f"{len(public_methods) - 1} public methods, expected at least 2"
    for method in public_methods:
        if isinstance(method, ast.AsyncFunctionDef):
            return "async", method.name
        if (decorator := _find_other_decorator(method, _METHOD_DECORATORS)) is not None:
            return "decorated", f"{method.name}: {decorator}"
        if (detail := find_non_plain(method, is_method=not _is_static(method))) is not None:
            return "not_plain", f"{method.name}: {detail}"
    if not any(map(_returns_value, public_methods)):
        return "returns_nothing", ""
    return _find_trivial_fault(node, settings.least_size + len(methods))


def _find_length_fault(node: Definition, bounds: tuple[int, int]) -> FragmentFault | None:
    """Compare the number of lines, without the docstring, with the bounds."""
    count = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        count -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    if count < bounds[0]:
        return "too_short", f"{count} lines"
    return ("too_long", f"{count} lines") if count > bounds[1] else None


def _find_trivial_fault(node: Definition, least_size: int) -> FragmentFault | None:
    """Compare the number of statements and decisions with the least that is worth a task."""
    statements, decisions = count_statements(node), count_decisions(node)
    if decisions < 1 or statements + decisions < least_size:
        return "trivial", f"{statements} statements, {decisions} decisions"
    return None


def _find_other_decorator(node: Function, accepted: set[str]) -> str | None:
    """Return the first decorator that is none of the accepted ones, as written."""
    return next((ast.unparse(d) for d in node.decorator_list if _decorator_name(d) not in accepted), None)


def _decorator_name(node: ast.expr) -> str:
    """Return the last part of a decorator's name, whether it is called or not."""
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _returns_value(node: ast.AST) -> bool:
    """Return whether some return statement gives a value that can be compared: not None, no function."""
    return any(
        not (isinstance(value, ast.Lambda) or (isinstance(value, ast.Constant) and value.value is None))
        for value in _list_returned(node)
    )


def _list_returned(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what the return statements of a function give; those of functions within it do not count."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Return):
            if part.value is not None:
                yield part.value
        elif not isinstance(part, Definition | ast.Lambda):
            yield from _list_returned(part)


def _is_public_method(method: Function) -> bool:
    return method.name == "__init__" or not method.name.startswith("_")


def _is_static(method: ast.FunctionDef) -> bool:
    return any(_decorator_name(decorator) == "staticmethod" for decorator in method.decorator_list)


def _render_signature(node: Definition) -> str:
    """Return what a caller needs to know: the header of a function, or of a class and its public methods."""
    if not isinstance(node, ast.ClassDef):
        return render_header(node)
    lines = [f"class {node.name}:"]
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and _is_public_method(method):
            lines += [f"    @{ast.unparse(decorator)}" for decorator in method.decorator_list]
            lines.append(f"    {render_header(method)}")
    return "\n".join(lines)
