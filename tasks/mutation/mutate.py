"""Wrong versions of a right program, each one small change away from it. Nothing is run: text in, texts out."""

import ast
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from storage.ids import content_id
from tasks.mutation.operators import changes
from tasks.reading.python_text import parse

MUTATOR_VERSION = 1
"""Raise it when the code changes which mutants any program has, or their order."""
_UNTOUCHED = {"annotation", "returns", "decorator_list"}  # what they say is rarely what a program does


@dataclass(frozen=True)
class Mutant:
    """One wrong program (or, where nobody could tell the difference, a right one): what was changed, and where."""

    operator: str
    line: int
    """Of the original program, from 1."""
    code: str
    """The whole program, without the comments and the layout of the original."""


@dataclass(frozen=True)
class _Site:
    """One change: what `parent.field` is to become."""

    operator: str
    line: int
    parent: ast.AST
    field: str
    value: Any
    key: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a program, in an order that depends on its text alone and spreads any first n of them over
    operators and lines.

    Left out are those that do not compile, and those that compile to what the program or an earlier mutant compiles to.
    A program that Python cannot parse, or not write out again without changing it, has none.
    """
    tree = parse(source)
    text = _text(tree) if tree else None
    if tree is None or text is None:
        return
    original = _compiled(text)
    if original is None or original != _compiled(source):
        return
    seen = {original}
    for site in _spread(_sites(tree, content_id("program", source=source))):
        before = getattr(site.parent, site.field)
        setattr(site.parent, site.field, site.value)
        text = _text(tree)
        setattr(site.parent, site.field, before)
        compiled = _compiled(text) if text else None
        if text and compiled and compiled not in seen:
            seen.add(compiled)
            yield Mutant(site.operator, site.line, text)


def _sites(tree: ast.Module, program: str) -> list[_Site]:
    """Every change of every place; several may come to the same program."""
    bound = Counter(name for node in ast.walk(tree) for name in _binds(node))
    found: list[_Site] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        parent = waiting.pop()
        for field, held in ast.iter_fields(parent):
            if field in _UNTOUCHED or (field == "test" and "__name__" in _names(held)):
                continue
            several = isinstance(held, list)
            for index, node in enumerate(held if several else [held]):
                if not isinstance(node, ast.AST) or _is_docstring(node):
                    continue
                if not isinstance(node, ast.Raise):  # what an error says is not what tests are for
                    waiting.append(node)
                line = getattr(node, "lineno", getattr(parent, "lineno", 1))
                for operator, new in changes(node, parent, field, bound):
                    value = [*held[:index], new, *held[index + 1 :]] if several else new
                    key = content_id("site", program=program, number=len(found))
                    found.append(_Site(operator, line, parent, field, value, key))
    return found


def _spread(sites: list[_Site]) -> Iterator[_Site]:
    """Operators take turns; each takes a place on the line that was changed least so far."""
    left: dict[str, list[_Site]] = defaultdict(list)
    for site in sorted(sites, key=lambda site: site.key):
        left[site.operator].append(site)
    used: Counter[int] = Counter()
    while left:
        for operator in tuple(left):
            site = min(left[operator], key=lambda site: (used[site.line], site.key))
            left[operator].remove(site)
            if not left[operator]:
                del left[operator]
            used[site.line] += 1
            yield site


def _is_docstring(node: ast.AST) -> bool:
    """Or any other constant that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names(node: object) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if isinstance(node, ast.AST) else set()


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.arg):
        return [node.arg]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


def _text(tree: ast.Module) -> str | None:
    try:
        return ast.unparse(tree) + "\n"
    except (ValueError, RecursionError):  # a backslash within an f-string, before Python 3.12; a very deep tree
        return None


def _compiled(text: str) -> tuple[Any, ...] | None:
    """What a program compiles to, its line numbers left out; None where it does not compile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _essence(compile(text, "<mutant>", "exec", dont_inherit=True, optimize=0))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _essence(code: CodeType) -> tuple[Any, ...]:
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, code.co_flags, code.co_exceptiontable, *names, *map(_constant, code.co_consts))


def _constant(value: Any) -> Any:
    """A constant such that 1, 1.0 and True differ."""
    if isinstance(value, CodeType):
        return _essence(value)
    if isinstance(value, tuple | frozenset):
        return type(value)(_constant(item) for item in value)
    return type(value), repr(value)
