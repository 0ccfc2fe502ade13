"""docs/queries.md, asked again: its lake is made by the commands that stand there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.docs.pages import MAIN, QUERIES, ROOT, answers, commands, pages, questions


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory, prefect_server: str) -> Path:
    """The lake of the page."""
    lake = tmp_path_factory.mktemp("docs") / "lake"
    runs = [words for words in commands(QUERIES.read_text()) if words[:2] == ["patchmill", "run"]]
    assert len(runs) == 2
    for words in runs:
        arguments = [str(lake) if word == "LAKE" else word for word in words]
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *arguments[1:]],
            cwd=ROOT, capture_output=True, text=True, timeout=250,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "leaked" not in done.stderr, "DuckDB's complaint of what outlives it"
    return lake


@pytest.mark.timeout(600)
def test_every_question_gets_the_answer_that_the_page_shows(lake: Path) -> None:
    asked = questions(QUERIES.read_text())
    assert len(asked) == 12
    for (sql, shown), found in zip(asked, answers(lake, [sql for sql, _ in asked]), strict=True):
        assert found == shown, f"{sql}\nrun `python -m tests.docs.pages LAKE` on a lake made as the page says"


def shown() -> list[tuple[str, list[str]]]:
    """Commands of all pages that read a lake and can be run anywhere."""
    found = [(page.name, words) for page in pages() for words in commands(page.read_text()) if words[0] == "patchmill"]
    open_ended = re.compile(r"\.\.\.|^(?!LAKE$)[A-Z]+$")
    return [
        (name, words) for name, words in found
        if len(words) > 2 and words[1] in ("sql", "status", "export") and not any(map(open_ended.search, words))
    ]  # fmt: skip


@pytest.mark.timeout(600)
def test_every_command_shown_that_reads_a_lake_runs(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(shown()) >= 6
    monkeypatch.chdir(ROOT)
    failed = []
    for name, words in shown():
        arguments = [str(lake) if word == "LAKE" else word for word in words]
        arguments += [] if str(lake) in arguments else ["--lake", str(lake)]
        for place, before in enumerate(arguments[:-1], 1):
            if before in ("--out", "-o", "--export-views"):
                arguments[place] = str(tmp_path / arguments[place])
        try:
            main(arguments[1:])
        except SystemExit as ended:
            if ended.code:
                failed.append(f"{name}: {' '.join(words)}: {capsys.readouterr().err}")
    assert not failed, "\n".join(failed)


def test_a_dataset_of_the_page_shows_the_attempts_it_was_built_from(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def count(*arguments: str) -> int:
        query = "select count(*) as n from attempts where kind = 'generate'"
        with pytest.raises(SystemExit, match="0"):
            main(["sql", "--lake", str(lake), "--json", *arguments, query])
        return int(json.loads(capsys.readouterr().out)[0]["n"])

    assert count("--as-of", "debugging_sft@1") * 3 == count() * 2, "two samples a problem, then three"
