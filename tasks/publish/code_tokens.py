"""Tokens of programs for comparison: layout, comments and the names that a program binds make no difference."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from keyword import iskeyword
from typing import Any

from tasks.reading.python_text import Definition, parse

_LEXEME = re.compile(r"""#[^\n]*|("[^"\n]*"|'[^'\n]*'|\d[\w.]*)|([^\W\d]\w*)|([^\w\s])""")
_NUMBERED_NAME = re.compile(r"^(\.?)v\d+$")
_IGNORED_FIELDS = {"ctx", "type_comment", "annotation", "returns", "type_ignores", "kind", "simple", "lineno"}


def tokenize_code(code: str) -> tuple[str, ...]:
    """Return the syntax tree of a program in one row: node types, operators, constants and names, one token each.

    Comments, docstrings, layout, brackets and annotations are left out. Names that the program itself binds
    (parameters, locals, functions, methods, imports) become v0, v1, ... by first appearance. Numbers start again in
    every top-level definition, so a function gives the same tokens wherever it stands. Code that is not Python 3 is
    split into words and signs instead, with all its names numbered.
    """
    tree = parse(code)
    if tree is not None:
        try:
            return tuple(_TreeTokens(tree).tokens)
        except RecursionError:
            pass
    return tuple(_split_lexemes(code))


def unify_names(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Replace every numbered name by `v`, so that an added variable changes no other token."""
    return tuple(_unify_name(token) for token in tokens)


@lru_cache(1 << 16)
def _unify_name(token: str) -> str:
    return _NUMBERED_NAME.sub(r"\1v", token)


class _TreeTokens:
    """The tokens of one tree, collected in one walk; only its end shows which names the program binds."""

    def __init__(self, tree: ast.Module) -> None:
        self._bound_names: set[str] = set()
        self._set_attributes: set[str] = set()
        self._collected: list[str | tuple[str, str]] = []
        """Tokens; a name is a pair instead: `.` for an attribute or an empty text, and the name."""
        parts = []
        for statement in tree.body:
            self._collected = []
            self._visit(statement)
            parts.append((isinstance(statement, Definition), self._collected))
        shared_numbers: dict[str, str] = {}
        self.tokens = [
            token
            for is_definition, collected in parts
            for token in self._number_names(collected, {} if is_definition else shared_numbers)
        ]

    def _number_names(self, collected: list[str | tuple[str, str]], numbers: dict[str, str]) -> Iterator[str]:
        for token in collected:
            if isinstance(token, str):
                yield token
                continue
            dot, name = token
            is_own = name in (self._set_attributes if dot else self._bound_names)
            yield dot + (numbers.setdefault(name, f"v{len(numbers)}") if is_own else name)

    def _visit(self, node: ast.AST) -> None:
        visit = _VISITORS.get(type(node))
        if visit is not None:
            visit(self, node)
            return
        self._collected.append(type(node).__name__)
        for field in _FIELDS[type(node)]:
            value = getattr(node, field, None)
            for part in value if isinstance(value, list) else [value]:
                self._visit_part(part)

    def _visit_part(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self._visit(value)
        elif isinstance(value, str):
            self._collected.append(("", value))

    def visit_name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bound_names.add(node.id)
        self._collected.append(("", node.id))

    def visit_constant(self, node: ast.Constant) -> None:
        self._collected.append(repr(node.value))

    def visit_expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring, or a constant without effect
            self._collected.append("Expr")
            self._visit(node.value)

    def visit_attribute(self, node: ast.Attribute) -> None:
        self._visit(node.value)
        if isinstance(node.ctx, ast.Store):
            self._set_attributes.add(node.attr)
        self._collected.append((".", node.attr))

    def visit_annotated_assignment(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._collected.append("Assign")
            self._visit(node.target)
            self._visit(node.value)

    def visit_import(self, node: ast.alias) -> None:
        name = node.asname or node.name.split(".")[0]
        self._bound_names.add(name)
        self._collected += [node.name, ("", name)]

    def visit_binding(self, node: ast.AST) -> None:
        """Visit a node that gives a name to what it defines or catches."""
        self._collected.append(type(node).__name__)
        for field in _FIELDS[type(node)]:
            value = getattr(node, field, None)
            if isinstance(value, str):
                self._bound_names.add(value)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._set_attributes.add(value)
            for part in value if isinstance(value, list) else [value]:
                self._visit_part(part)


_VISITORS: dict[type[ast.AST], Callable[[_TreeTokens, Any], None]] = {
    ast.Name: _TreeTokens.visit_name,
    ast.Constant: _TreeTokens.visit_constant,
    ast.Expr: _TreeTokens.visit_expression,
    ast.Attribute: _TreeTokens.visit_attribute,
    ast.AnnAssign: _TreeTokens.visit_annotated_assignment,
    ast.alias: _TreeTokens.visit_import,
    **dict.fromkeys(
        (
            ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.ExceptHandler, ast.MatchAs, ast.MatchStar,
            ast.MatchMapping,
        ),
        _TreeTokens.visit_binding,
    ),
}  # fmt: skip
"""Nodes that are not simply named and descended into."""


class _ComparedFields(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each type of node that are compared, filled at first use."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = tuple(field for field in kind._fields if field not in _IGNORED_FIELDS)
        return self[kind]


_FIELDS = _ComparedFields()


def _split_lexemes(code: str) -> list[str]:
    numbers: dict[str, str] = {}
    tokens = []
    for constant, name, sign in _LEXEME.findall(code):
        if name:
            tokens.append(name if iskeyword(name) else numbers.setdefault(name, f"v{len(numbers)}"))
        elif constant or sign:
            tokens.append(constant or sign)
    return tokens
