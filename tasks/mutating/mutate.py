"""Make mutants of a program: wrong versions, each one small change away from it. Text in, texts out; nothing is run."""

import ast
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from storage.ids import content_id
from tasks.mutating.operators import propose_changes
from tasks.reading.python_text import parse

MUTATOR_VERSION = 1
"""Raise it when the code changes which mutants any program has, or their order."""
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list"}  # changes there rarely change what a program does


@dataclass(frozen=True)
class Mutant:
    """A program with one change. Where no test can tell it from the original, it is a right one after all."""

    operator: str
    line: int
    """Of the change, in the original program, from 1."""
    code: str
    """The whole program, without the comments and the layout of the original."""
    spliced: str | None
    """The program with the change in the original's own text; None where the change has no place of its own there."""


@dataclass(frozen=True)
class _Site:
    """One change: the value that `parent.field` takes."""

    operator: str
    line: int
    parent: ast.AST
    field: str
    value: Any
    node: ast.AST
    """The node that is replaced."""
    replacement: ast.AST
    key: str
    """Address of the site in its program; decides the order."""


def mutate_program(source: str) -> Iterator[Mutant]:
    """Yield all mutants of a program.

    The order depends on the program's text alone, and spreads any first n mutants over operators and lines. Left out
    are mutants that do not compile, and mutants that compile to the same code as the program or an earlier mutant. A
    program that Python cannot parse, or cannot write out again unchanged, has none.
    """
    tree = parse(source)
    text = _unparse(tree) if tree else None
    if tree is None or text is None:
        return
    original = _compile(text)
    if original is None or original != _compile(source):
        return
    compiled_programs = {original}
    for site in _order_sites(_collect_sites(tree, content_id("program", source=source))):
        original_value = getattr(site.parent, site.field)
        setattr(site.parent, site.field, site.value)
        text = _unparse(tree)
        place, new_text = _changed_part(site)
        setattr(site.parent, site.field, original_value)
        compiled = _compile(text) if text else None
        if text and compiled and compiled not in compiled_programs:
            compiled_programs.add(compiled)
            yield Mutant(site.operator, site.line, text, _splice(source, place, new_text, text))


def _changed_part(site: _Site) -> tuple[ast.AST, str | None]:
    """Return the smallest node with a place in the text that holds the change, and its new text.

    Call it while the tree holds the change.
    """
    if hasattr(site.node, "end_col_offset"):
        return site.node, _unparse(site.replacement)
    return site.parent, _unparse(site.parent)


def _splice(source: str, place: ast.AST, new_text: str | None, mutant: str) -> str | None:
    """Return the source with new text in the place of a node; None unless that is the same program as the mutant."""
    if new_text is None or not hasattr(place, "end_col_offset"):
        return None
    lines = source.encode().splitlines(keepends=True)  # column offsets count bytes
    start, end = (
        sum(map(len, lines[: line - 1])) + column
        for line, column in ((place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset))  # type: ignore[attr-defined]
    )
    before, after = source.encode()[:start].decode(), source.encode()[end:].decode()
    spliced = (before + text + after for text in (new_text.strip(), f"({new_text.strip()})"))
    mutant_tree = ast.dump(ast.parse(mutant))
    return next((text for text in spliced if (tree := parse(text)) and ast.dump(tree) == mutant_tree), None)


def _collect_sites(tree: ast.Module, program_id: str) -> list[_Site]:
    """Return every change at every place; several may lead to the same program."""
    bindings = Counter(name for node in ast.walk(tree) for name in _bound_names(node))
    sites: list[_Site] = []
    pending: list[ast.AST] = [tree]
    while pending:
        parent = pending.pop()
        for field, value in ast.iter_fields(parent):
            if field in _SKIPPED_FIELDS or (field == "test" and "__name__" in _names_in(value)):
                continue
            is_list = isinstance(value, list)
            for index, node in enumerate(value if is_list else [value]):
                if not isinstance(node, ast.AST) or _is_constant_statement(node):
                    continue
                if not isinstance(node, ast.Raise):  # tests do not look at the message of an error
                    pending.append(node)
                line = getattr(node, "lineno", getattr(parent, "lineno", 1))
                for operator, replacement in propose_changes(node, parent, field, bindings):
                    new_value = [*value[:index], replacement, *value[index + 1 :]] if is_list else replacement
                    key = content_id("site", program=program_id, number=len(sites))
                    sites.append(_Site(operator, line, parent, field, new_value, node, replacement, key))
    return sites


def _order_sites(sites: list[_Site]) -> Iterator[_Site]:
    """Yield the sites operator by operator in turns; each takes one on the line that was changed least so far."""
    pending: dict[str, list[_Site]] = defaultdict(list)
    for site in sorted(sites, key=lambda site: site.key):
        pending[site.operator].append(site)
    changes_by_line: Counter[int] = Counter()
    while pending:
        for operator in tuple(pending):
            site = min(pending[operator], key=lambda site: (changes_by_line[site.line], site.key))
            pending[operator].remove(site)
            if not pending[operator]:
                del pending[operator]
            changes_by_line[site.line] += 1
            yield site


def _is_constant_statement(node: ast.AST) -> bool:
    """Return whether a statement is a constant that stands alone, as a docstring does."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names_in(node: object) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if isinstance(node, ast.AST) else set()


def _bound_names(node: ast.AST) -> list[str]:
    """Return the name that a node binds; of a node that binds none, nothing."""
    if isinstance(node, ast.arg):
        return [node.arg]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


def _unparse(tree: ast.AST) -> str | None:
    """Return the text of a tree, or None where Python cannot write it."""
    try:
        return ast.unparse(tree) + "\n"
    except (ValueError, RecursionError):  # a backslash within an f-string, before Python 3.12; a very deep tree
        return None


def _compile(text: str) -> tuple[Any, ...] | None:
    """Return what a program compiles to, without line numbers; None where it does not compile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _comparable_code(compile(text, "<mutant>", "exec", dont_inherit=True, optimize=0))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _comparable_code(code: CodeType) -> tuple[Any, ...]:
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, code.co_flags, code.co_exceptiontable, *names, *map(_comparable_constant, code.co_consts))


def _comparable_constant(value: Any) -> Any:
    """Return a value that is equal for equal constants of equal type: 1, 1.0 and True differ."""
    if isinstance(value, CodeType):
        return _comparable_code(value)
    if isinstance(value, tuple | frozenset):
        return type(value)(_comparable_constant(item) for item in value)
    return type(value), repr(value)
