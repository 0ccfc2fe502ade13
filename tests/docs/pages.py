"""What the pages show: questions with answers, and commands. `python -m tests.docs.pages LAKE` renews the answers."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUERIES = ROOT / "docs/queries.md"
WIDTH = "116"
MAIN = "from cli.main import main; main()"
_QUESTION = re.compile(r"^```sql\n(?P<sql>.*?)^```\n\n```\n(?P<answer>.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_PROMPT = re.compile(r"^(\$ )?(\.venv/bin/)?(?=(patchmill|make) )")


def pages() -> list[Path]:
    """Every page that a user reads."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def questions(text: str) -> list[tuple[str, str]]:
    """SQL blocks with the answers that stand below them."""
    return [(match["sql"].strip(), match["answer"].rstrip()) for match in _QUESTION.finditer(text)]


def answers(lake: Path, asked: list[str]) -> list[str]:
    """What `patchmill sql` prints to each question, at one width."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(";\n".join(sql.rstrip(";") for sql in asked))
        file.flush()
        command = [sys.executable, "-c", "from cli.main import main; main()", "sql", "--lake", str(lake)]
        done = subprocess.run(
            [*command, "--file", file.name],
            capture_output=True, text=True, cwd=ROOT, timeout=250, env={**os.environ, "COLUMNS": WIDTH},
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    tables = re.split(r"^(?=┏)", done.stdout, flags=re.MULTILINE)[1:]
    return ["\n".join(line.rstrip() for line in table.rstrip().splitlines()) for table in tables]


def renewed(text: str, found: list[str]) -> str:
    """The page with these answers."""
    left = iter(found)
    return _QUESTION.sub(lambda match: f"```sql\n{match['sql']}```\n\n```\n{next(left)}\n```", text)


def commands(text: str) -> Iterator[list[str]]:
    """The words of every command line of ours that a page shows, in blocks and in running text."""
    for block in _BLOCK.findall(text):
        lines = iter(block.splitlines())
        for line in lines:
            if _PROMPT.match(line):
                yield _split(line, lines)
    for span in _SPAN.findall(_FENCED.sub("", text)):
        if _PROMPT.match(span):
            yield _split(span, iter(()))


def _split(line: str, more: Iterator[str]) -> list[str]:
    """A shell's words; optional parts count as given, and what another program gets is left away."""
    line = _PROMPT.sub("", line)
    while True:
        try:
            words = shlex.split(line, comments=True)
            break
        except ValueError:  # a quoted argument goes on
            line += "\n" + next(more)
    end = next((place for place, word in enumerate(words) if word in ("|", "<", ">", "&&", ";")), len(words))
    return [word if " " in word else word.strip("[]") for word in words[:end]]


if __name__ == "__main__":
    page = QUERIES.read_text(encoding="utf-8")
    QUERIES.write_text(renewed(page, answers(Path(sys.argv[1]), [sql for sql, _ in questions(page)])), encoding="utf-8")
