"""Programs and prompts without what a copyist changes first: layout, comments, names, case, punctuation."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from keyword import iskeyword

import numpy as np
from numpy.typing import NDArray

from tasks.python_text import parse

Grams = NDArray[np.uint64]
"""Hashes of n-grams, sorted, each once; the same on every machine."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_UNREAD = re.compile(r"""#[^\n]*|("[^"\n]*"|'[^'\n]*'|\d[\w.]*)|([^\W\d]\w*)|([^\w\s])""")
_VARIABLE = re.compile(r"v\d+")
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
    return tuple("v" if _VARIABLE.fullmatch(token) else token for token in tokens)


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
    """One program's tokens."""

    def __init__(self, tree: ast.Module) -> None:
        self.tokens: list[str] = []
        self._bound: set[str] = set()
        self._attributes: set[str] = set()
        for node in ast.walk(tree):
            self._bind(node)
        rest: dict[str, str] = {}
        for statement in tree.body:
            self._numbers = {} if isinstance(statement, _DEFINITIONS) else rest
            self._write(statement)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                self._bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._bound.add(name)
                self._attributes.add(name)
            case ast.ClassDef(name=name):
                self._bound.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()):
                self._attributes.add(name)
            case ast.alias(name=name, asname=other):
                self._bound.add(other or name.split(".")[0])
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self._bound.add(name)

    def _name(self, name: str) -> str:
        return self._numbers.setdefault(name, f"v{len(self._numbers)}") if name in self._bound else name

    def _write(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                self.tokens.append(self._name(name))
            case ast.Constant(value=value):
                self.tokens.append(repr(value))
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring, or nothing at all
            case ast.Attribute(value=value, attr=attr):
                self._write(value)
                self.tokens.append("." + (self._numbered(attr) if attr in self._attributes else attr))
            case ast.AnnAssign(target=target, value=ast.AST() as value):
                self.tokens.append("Assign")
                self._write(target)
                self._write(value)
            case ast.alias(name=module, asname=other):
                self.tokens += [module, self._name(other or module.split(".")[0])]
            case _:
                self.tokens.append(type(node).__name__)
                for field in node._fields:
                    if field not in _NEVER:
                        self._write_field(getattr(node, field, None))

    def _write_field(self, value: object) -> None:
        if isinstance(value, list):
            for part in value:
                self._write_field(part)
        elif isinstance(value, ast.AST):
            self._write(value)
        elif isinstance(value, str):
            self.tokens.append(self._name(value))

    def _numbered(self, name: str) -> str:
        return self._numbers.setdefault(name, f"v{len(self._numbers)}")


def _unread(code: str) -> list[str]:
    numbers: dict[str, str] = {}
    tokens = []
    for constant, name, sign in _UNREAD.findall(code):
        if name:
            tokens.append(name if iskeyword(name) else numbers.setdefault(name, f"v{len(numbers)}"))
        elif constant or sign:
            tokens.append(constant or sign)
    return tokens
