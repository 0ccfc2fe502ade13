"""Help, version and docs/commands.md."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cli.commands import COMMANDS
from cli.reference import render_page
from tests.cli.conftest import RunCommand

ROOT = Path(__file__).parents[2]
NAMES = [name for commands in COMMANDS.values() for name in commands]


def test_help_shows_every_command_in_its_group(run_command: RunCommand) -> None:
    result = run_command("--help")
    assert result.exit_code == 0
    words = [line.strip("│╭─╮ ").split("  ")[0] for line in result.stdout.splitlines()]
    places = [words.index(word) for title, commands in COMMANDS.items() for word in (title, *commands)]
    assert len(places) == len(COMMANDS) + len(NAMES)
    for title, commands in COMMANDS.items():
        following = [words.index(other) for other in COMMANDS if words.index(other) > words.index(title)]
        assert all(words.index(title) < words.index(name) < min([*following, len(words)]) for name in commands)


def test_version_is_that_of_the_package(run_command: RunCommand) -> None:
    result = run_command("--version")
    assert (result.exit_code, result.stdout) == (0, f"patchmill {version('patchmill')}\n")


@pytest.mark.parametrize("name", [*NAMES, "sandbox build", "automations apply"])
def test_h_is_short_for_help(run_command: RunCommand, name: str) -> None:
    short, long = (run_command(*name.split(), option) for option in ("-h", "--help"))
    assert short == long and short.exit_code == 0 and f"patchmill {name}" in short.stdout


@pytest.mark.parametrize("width", ["40", "200"])
def test_the_reference_is_what_make_docs_generates(width: str) -> None:
    command = [sys.executable, "-m", "cli.reference"]
    environment = {**os.environ, "COLUMNS": width}
    page = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert page == (ROOT / "docs/commands.md").read_text(encoding="utf-8"), "run `make docs`"


def test_the_reference_has_a_section_for_every_command() -> None:
    page = render_page()
    assert all(f"### patchmill {name}" in page for name in NAMES)
