"""Programs and prompts without what a copyist changes first: layout, comments, names, case, punctuation."""

import ast
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from keyword import iskeyword
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.reading.python_text import parse

Grams = NDArray[np.uint64]
"""Hashes of n-grams, sorted, each once; the same on every machine."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_UNREAD = re.compile(r"""#[^\n]*|("[^"\n]*"|'[^'\n]*'|\d[\w.]*)|([^\W\d]\w*)|([^\w\s])""")
_VARIABLE = re.compile(r"^(\.?)v\d+$")
_NEVER = {"ctx", "type_comment", "annotation", "returns", "type_ignores", "kind", "simple", "lineno"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_WORD = re.compile(r"\w+")
_PROMPT = re.compile(r"\s*>>>")
_EXAMPLE = re.compile(
    r"\s*([-*#]*\s*(for\s+)?(examples?|sample\s+(input|output)s?)\b\W*\d*\W*$|assert\b|def\s+\w+\s*\(|from\s+\S+\s+import\b|import\s+\w+\s*$)"
    r"|.*\)\s*(==|=|=>|➞|->|→|returns?\b|#)\s*\S",
    re.IGNORECASE,
)
"""A line that shows a call and its value, announces such lines, or is code."""


def code_tokens(code: str) -> tuple[str, ...]:
    """The tree of a program, written in a row: node types, operators, constants and names, each one token.

    Comments, docstrings, layout, brackets and annotations are gone. Names that the program itself binds (parameters,
    locals, functions, methods, imports) are v0, v1 ... by first appearance, anew in every top-level definition, so that
    a function reads the same wherever it stands. Code that is no Python 3 is cut into words and signs instead, all its
    names numbered.
    """
    tree = parse(code)
    if tree is not None:
        try:
            return tuple(_Line(tree).tokens)
        except RecursionError:
            pass
    return tuple(_unread(code))


def blind(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Tokens of a program with every name it binds as `v`: what is left when variables are added, too."""
    return tuple(_blinded(token) for token in tokens)


@lru_cache(1 << 16)
def _blinded(token: str) -> str:
    return _VARIABLE.sub(r"\1v", token)


@lru_cache(1 << 12)
def prompt_words(prompt: str) -> tuple[str, ...]:
    """Words of what a task says, without case, space and punctuation, code and examples of calls.

    Of a prompt that is itself Python (HumanEval's), what its docstrings say. Where nothing but code and examples is
    there, the words of those.
    """
    tree = parse(prompt)
    held = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)] if tree else []
    text = "\n".join(filter(None, held)) or prompt
    return _words("\n".join(_told(text))) or _words(prompt)


def _told(text: str) -> Iterator[str]:
    """Lines that are neither an example of a call nor its output."""
    shown = False
    for line in text.splitlines():
        shown = bool(_PROMPT.match(line)) or (shown and bool(line.strip()))
        if not shown and not _EXAMPLE.match(line):
            yield line


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def grams(tokens: tuple[str, ...], size: int) -> Grams:
    """Runs of `size` tokens; of a shorter sequence, the whole; of an empty one, none."""
    hashes = np.fromiter(map(_hash, tokens), np.uint64, len(tokens))
    run = min(size, len(hashes))
    if not run:
        return hashes
    joined = hashes[: len(hashes) - run + 1].copy()
    for offset in range(1, run):
        joined = joined * _FACTOR + hashes[offset : len(hashes) - run + 1 + offset]
    return np.unique(joined)


def up_to(tokens: tuple[str, ...], size: int) -> Grams:
    """Single tokens and all runs of up to `size`."""
    return np.unique(np.concatenate([grams(tokens, run) for run in range(1, size + 1)]))


@lru_cache(1 << 16)
def _hash(token: str) -> int:
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class _Line:
    """One program's tree, written in a row in one walk; which names it binds is known only at the end."""

    def __init__(self, tree: ast.Module) -> None:
        self._bound: set[str] = set()
        self._attributes: set[str] = set()
        self._written: list[str | tuple[str, str]] = []
        """Tokens, and in place of names (`.` for an attribute or nothing, name)."""
        parts = []
        for statement in tree.body:
            self._written = []
            self._write(statement)
            parts.append((isinstance(statement, _DEFINITIONS), self._written))
        rest: dict[str, str] = {}
        self.tokens = [token for alone, written in parts for token in self._named(written, {} if alone else rest)]

    def _named(self, written: list[str | tuple[str, str]], numbers: dict[str, str]) -> Iterator[str]:
        for token in written:
            if isinstance(token, str):
                yield token
                continue
            dot, name = token
            own = name in (self._attributes if dot else self._bound)
            yield dot + (numbers.setdefault(name, f"v{len(numbers)}") if own else name)

    def _write(self, node: ast.AST) -> None:
        kind = type(node)
        write = _WRITERS.get(kind)
        if write is not None:
            write(self, node)
            return
        self._written.append(kind.__name__)
        for field in _FIELDS[kind]:
            value = getattr(node, field, None)
            if isinstance(value, list):
                for part in value:
                    self._part(part)
            else:
                self._part(value)

    def _part(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self._write(value)
        elif isinstance(value, str):
            self._written.append(("", value))

    def _name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bound.add(node.id)
        self._written.append(("", node.id))

    def _constant(self, node: ast.Constant) -> None:
        self._written.append(repr(node.value))

    def _expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # else a docstring, or nothing at all
            self._written.append("Expr")
            self._write(node.value)

    def _attribute(self, node: ast.Attribute) -> None:
        self._write(node.value)
        if isinstance(node.ctx, ast.Store):
            self._attributes.add(node.attr)
        self._written.append((".", node.attr))

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._written.append("Assign")
            self._write(node.target)
            self._write(node.value)

    def _import(self, node: ast.alias) -> None:
        own = node.asname or node.name.split(".")[0]
        self._bound.add(own)
        self._written += [node.name, ("", own)]

    def _binds(self, node: ast.AST) -> None:
        """A node that gives a name to what it defines or catches."""
        kind = type(node)
        self._written.append(kind.__name__)
        for field in _FIELDS[kind]:
            value = getattr(node, field, None)
            if isinstance(value, str):
                self._bound.add(value)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._attributes.add(value)
            for part in value if isinstance(value, list) else [value]:
                self._part(part)


_WRITERS: dict[type[ast.AST], Callable[[_Line, Any], None]] = {
    ast.Name: _Line._name,
    ast.Constant: _Line._constant,
    ast.Expr: _Line._expression,
    ast.Attribute: _Line._attribute,
    ast.AnnAssign: _Line._annotated,
    ast.alias: _Line._import,
    **dict.fromkeys(
        (
            ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.ExceptHandler, ast.MatchAs, ast.MatchStar,
            ast.MatchMapping,
        ),
        _Line._binds,
    ),
}  # fmt: skip


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """What is written of each type of node; worked out at first use."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = tuple(field for field in kind._fields if field not in _NEVER)
        return self[kind]


_FIELDS = _Fields()


def _unread(code: str) -> list[str]:
    numbers: dict[str, str] = {}
    tokens = []
    for constant, name, sign in _UNREAD.findall(code):
        if name:
            tokens.append(name if iskeyword(name) else numbers.setdefault(name, f"v{len(numbers)}"))
        elif constant or sign:
            tokens.append(constant or sign)
    return tokens
