"""Choose the program among the code blocks of an answer: by its entry point, by what parses, by what it reads."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tasks.asking.blocks import Block, Piece
from tasks.asking.closings import CODE_START, MAX_PLACES, normalize_code
from tasks.asking.names import (
    bound_names,
    defined_names,
    is_program,
    is_stub,
    missing_names,
    only_defines,
    reads_input,
    writes_output,
)
from tasks.reading.python_text import find_names_read, parse

_SESSION = re.compile(r"\A\s*(?:>>>|In \[\d+\]:|\$ )")


@dataclass(frozen=True)
class Candidate:
    """A code block that may be the program, or a part of it."""

    place: int
    """Its place among the blocks of the answer."""
    code: str
    is_tagged: bool

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its syntax tree; None where it is no Python."""
        return parse(self.code)

    @cached_property
    def bound(self) -> set[str]:
        """The names that it binds at its top level."""
        return bound_names(self.tree) if self.tree else set()

    @cached_property
    def defined(self) -> set[str]:
        """The functions and classes that it defines at its top level."""
        return set(defined_names(self.tree)) if self.tree else set()

    @property
    def looks_like_code(self) -> bool:
        """Whether a text that does not parse is an attempt at a program, and no output."""
        return any(re.match(r"(?:async )?def \w|class \w|import \w|from \w", line) for line in self.code.split("\n"))

    def defines(self, name: str) -> bool:
        """Return whether it defines a function or class, or gives a name to one: it may not use what it defines."""
        return name in self.defined or (name in self.bound and name not in self.read)

    @cached_property
    def read(self) -> set[str]:
        """The names that it reads."""
        return find_names_read(self.tree) if self.tree else set()

    @cached_property
    def missing(self) -> set[str]:
        """The names that it reads and does not bind."""
        return missing_names(self.tree) if self.tree else set()


@dataclass(frozen=True)
class Choice:
    """The program of an answer, or the reason why it holds none."""

    code: str | None
    reason: str | None = None


def choose_program(pieces: Sequence[Piece], is_cut: bool, entry_point: str | None) -> Choice:
    """Return the program among the blocks of an answer, joined with the helpers that lie in blocks of their own.

    With an entry point it is the last block that defines it. Without, it is the last of the blocks that read standard
    input and print, complete ones first. Sample sessions, output and examples of use are no programs.

    Args:
        pieces: of the answer; at least one is a block.
        is_cut: whether the answer ended at its token limit: then a block that nothing closes is no program.
        entry_point: what the tests call, such as `Queue.push`; None where the program reads standard input.

    Reasons: truncated, other_language.
    """
    blocks = [piece for piece in pieces if isinstance(piece, Block)]
    cut = blocks[-1:] if is_cut and not blocks[-1].is_closed and pieces[-1] is blocks[-1] else []
    whole = [block for block in blocks if block not in cut]
    candidates = _list_candidates(block for block in whole if block.may_be_python)
    name = entry_point.split(".")[0] if entry_point else None
    main = _choose_main(candidates, name)
    if main is None or (name and cut and not _may_define(main, name)):
        tagged_otherwise = (block for block in whole if not block.may_be_python and block.language != "session")
        mistagged = _list_candidates(tagged_otherwise)
        right = [c for c in mistagged if c.tree and (name in c.defined if name else reads_input(c.tree))]
        if right:
            return Choice(right[-1].code)
        is_cut_python = any(block.may_be_python and block.code.strip() for block in cut)
        return Choice(None, "truncated" if is_cut_python or (cut and not whole) else "other_language")
    return Choice(_join(main, candidates, is_script=name is None))


def find_program(text: str, entry_point: str | None, is_cut: bool) -> Choice:
    """Return the program of an answer without code blocks: all of it, or the lines of it that are one.

    Reasons: truncated, no_code_block.
    """
    code = normalize_code(text)
    tree = parse(code)
    if tree is not None and is_program(tree):
        return Choice(code)
    if is_cut:
        return Choice(None, "truncated")
    name = entry_point.split(".")[0] if entry_point else None
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if CODE_START.match(line.strip())]
    ends = [n for n in range(1, len(lines) + 1) if n == len(lines) or not lines[n].startswith((" ", "\t"))]
    for start in starts[:10]:
        while start and re.match(r"#|\s*$", lines[start - 1]):  # comments before the first statement
            start -= 1
        for end in reversed([n for n in ends if n > start][-MAX_PLACES:]):
            candidate = Candidate(0, normalize_code("\n".join(lines[start:end])), False)
            if candidate.tree and (candidate.defines(name) if name else _is_script(candidate)):
                return Choice(candidate.code)
    for match in re.finditer(r"(?<!`)(`{1,2})(?!`)([^`\n]+)\1(?!`)", text):
        candidate = Candidate(0, match[2].strip() + "\n", False)
        if candidate.tree and (candidate.defines(name) if name else _is_script(candidate)):
            return Choice(candidate.code)
    return Choice(None, "no_code_block")


def _list_candidates(blocks: Iterable[Block]) -> list[Candidate]:
    return [
        Candidate(place, normalize_code(block.code), block.language == "python")
        for place, block in enumerate(blocks)
        if block.code.strip() and not _SESSION.match(block.code)
    ]


def _choose_main(candidates: Sequence[Candidate], name: str | None) -> Candidate | None:
    parsed = [c for c in candidates if c.tree]
    if name is not None:
        defining = [c for c in parsed if c.defines(name)] or [c for c in parsed if name in c.bound]
        real = [c for c in defining if c.tree and not is_stub(c.tree, name)]
        if defining:
            return (real or defining)[-1]
        if broken := [c for c in candidates if _may_define(c, name)]:
            return broken[-1]
    else:
        excerpts = {c.place for c in parsed for other in parsed if c is not other and _is_excerpt(c, other)}
        scripts = [c for c in parsed if _is_script(c) and c.place not in excerpts]
        if scripts:
            return max(scripts, key=lambda c: (not _needs_more(c, parsed), not c.missing, c.place))
        if readers := [c for c in parsed if c.tree and reads_input(c.tree) and c.place not in excerpts]:
            return readers[-1]
    programs = [c for c in candidates if c.is_tagged or (is_program(c.tree) if c.tree else c.looks_like_code)]
    defining = [c for c in programs if c.defined]
    return defining[-1] if defining else max(programs, key=lambda c: len(c.code), default=None)


def _join(main: Candidate, candidates: Sequence[Candidate], is_script: bool) -> str:
    """Return a program behind the blocks that define what it lacks, before the block that starts it."""
    parts = {main.place: main}
    missing = set(main.missing)
    while missing:
        name = missing.pop()
        if any(name in part.bound for part in parts.values()):
            continue
        helper = _find_helper(name, main, [c for c in candidates if c.place not in parts])
        if helper is not None:
            parts[helper.place] = helper
            missing |= helper.missing
    ordered = [*(parts[place] for place in sorted(parts) if place != main.place), main]
    if is_script and main.tree is not None and only_defines(main.tree):
        ordered += [c for c in candidates if c.place > main.place and c.tree and c.missing and c.missing <= main.bound][
            :1
        ]
    if len(ordered) == 1:
        return main.code
    return "\n\n".join(part.code.strip("\n") for part in ordered) + "\n"


def _find_helper(name: str, main: Candidate, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the block that defines a name: the last one before the program, else the first one behind it."""
    helpers = [c for c in candidates if c.tree and name in c.bound and (name in c.defined or only_defines(c.tree))]
    before = [c for c in helpers if c.place < main.place]
    return before[-1] if before else next(iter(helpers), None)


def _needs_more(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Return whether a candidate reads names that no block binds."""
    return bool(candidate.missing - {name for other in candidates for name in other.bound})


def _is_script(candidate: Candidate) -> bool:
    return candidate.tree is not None and reads_input(candidate.tree) and writes_output(candidate.tree)


def _is_excerpt(candidate: Candidate, other: Candidate) -> bool:
    return len(candidate.code) < len(other.code) and candidate.code.strip() in other.code


def _may_define(candidate: Candidate, name: str) -> bool:
    """Return whether code that may not parse defines a name."""
    pattern = rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*="
    return re.search(pattern, candidate.code, re.MULTILINE) is not None
