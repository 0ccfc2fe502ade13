"""Every command that README and docs show is one that exists, with the options and files it names."""

import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cli.commands import app
from tests.docs.pages import ROOT, commands, pages

COMMANDS = [(page, words) for page in pages() for words in commands(page.read_text(encoding="utf-8"))]
PATHS = re.compile(r"(?<![\w/.])(?:bench|configs|tests)/[\w./-]*\w")


def test_the_pages_show_commands() -> None:
    assert {page.name for page, _ in COMMANDS} >= {"README.md", "queries.md", "preference.md"}
    assert len(COMMANDS) > 30


@pytest.mark.parametrize(
    ("page", "words"),
    [pytest.param(page, words, id=f"{page.name}: {' '.join(words)[:60]}") for page, words in COMMANDS],
)
def test_a_command_shown_is_one_that_is_understood(page: Path, words: list[str]) -> None:
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert words[1] in targets, f"{page}: no such target"
        return
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    if words[1].startswith("-"):
        group.make_context("patchmill", words[1:], resilient_parsing=True)
        return
    context = group.make_context("patchmill", [], resilient_parsing=True)
    name, command, rest = group.resolve_command(context, words[1:])
    while isinstance(command, TyperGroup):
        context = command.make_context(name, rest, parent=context)
        name, command, rest = command.resolve_command(context, rest)
    assert command is not None
    if rest:  # a name alone speaks of the command
        command.make_context(name, [word for word in rest if word != "..."], parent=context)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_files_named_in_code_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"^```.*?^```$|`[^`\n]+`", text, re.MULTILINE | re.DOTALL)
    named = {path for piece in code for path in PATHS.findall(piece) if not re.search(r"[A-Z]{3}", path)}
    assert sorted(path for path in named if not (ROOT / path).exists()) == []
