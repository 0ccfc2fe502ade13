"""What people type and read at the prompt: comments, texts in any encoding, pipes that close, words of YAML."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.options import parse_overrides
from flows.config import RefreshConfig
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.settings import Settings, load_settings, parse_yaml
from storage.tables import PROBLEMS, SCORES
from tests.builders import row
from tests.cli.conftest import RunCommand

ROOT = Path(__file__).parents[2]
NO_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of one problem, whose names are not ASCII."""
    lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("words") / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p", source="café", source_id="日本")])
    return lake


def run_shell(lake: Lake, arguments: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    """Run `patchmill sql` over a lake with arguments as bash reads them; a pipe has the exit code of its first part."""
    command = f"{sys.executable} -c 'from cli.main import main; main()' sql --lake '{lake.root}' {arguments}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env={**os.environ, **variables}, capture_output=True,
        timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "-- count\nselect 1 as n", "--count\nselect 1 as n", "--\nselect 1 as n", "/* count */ select 1 as n",
        "-- a = b\n-- c\nselect 1 as n", "\ufeffselect 1 as n",
    ],
)  # fmt: skip
def test_a_query_may_begin_with_a_comment(run_command: RunCommand, lake: Lake, query: str, tmp_path: Path) -> None:
    if not query.startswith("\ufeff"):
        result = run_command("sql", "--lake", lake.root, query, "--json")
        assert (result.exit_code, json.loads(result.stdout)) == (0, [{"n": 1}])
    (tmp_path / "q.sql").write_text(query, encoding="utf-8")
    result = run_command("sql", "--lake", lake.root, "--file", tmp_path / "q.sql", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [{"n": 1}])


def test_a_misspelt_option_is_no_comment(run_command: RunCommand, lake: Lake) -> None:
    result = run_command("sql", "--lake", lake.root, "--jsno", "select 1")
    assert result.exit_code == 2 and "--jsno" in result.stderr
    result = run_command("sql", f"--lake={lake.root}", "--file=no such\nfile", "--json")
    assert result.exit_code == 2 and "cannot be read" in result.stderr


def test_bytes_that_are_no_text_are_one_line(lake: Lake) -> None:
    result = run_shell(lake, r"$'select \'caf\xe9\''")
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr == b'patchmill: expected UTF-8 on the command line, got byte 0xe9 after "select \'caf"\n'


def test_bytes_on_stdin_that_are_no_text_are_one_line(lake: Lake) -> None:
    result = run_shell(lake, r"<<< $'select \'caf\xe9\''", **NO_UTF8)
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (2, b"", 1)
    assert result.stderr.startswith(b"patchmill: stdin: cannot be read: ")


@pytest.mark.parametrize("form", ["--csv", "--json", ""])
def test_a_reader_that_has_seen_enough_is_no_error(lake: Lake, form: str) -> None:
    result = run_shell(lake, f"'select i from range(200000) t(i)' {form} | head -c 2", LC_ALL="C.UTF-8")
    assert (result.returncode, len(result.stdout)) == (0, 2)
    assert b"Traceback" not in result.stderr and b"Errno" not in result.stderr


def test_a_full_disk_is_one_line(lake: Lake) -> None:
    result = run_shell(lake, "'select i from range(20000) t(i)' --csv > /dev/full")
    assert result.returncode == 1
    assert result.stderr == b"patchmill: cannot write to stdout: No space left on device\n"


def test_an_ascii_locale_reads_and_writes_every_text(lake: Lake) -> None:
    query = "\"select source, source_id, 'é' as e from problems\""
    result = run_shell(lake, f"{query} --json", **NO_UTF8)
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout.decode("ascii")) == [{"source": "café", "source_id": "日本", "e": "é"}]
    result = run_shell(lake, query, **NO_UTF8)
    assert (result.returncode, result.stderr) == (0, b"") and b"caf\\xe9" in result.stdout


def test_exported_lines_and_cells_are_json_too(run_command: RunCommand, lake: Lake, tmp_path: Path) -> None:
    lake.append(SCORES, [row(SCORES, attempt_id="a", value=value) for value in (math.nan, 0.5)])
    result = run_command("export", "scores", "--lake", lake.root, "--out", tmp_path / "x.jsonl")
    assert result.exit_code == 0 and "1 number is NaN or infinite" in result.stderr
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert sorted(str(json.loads(line, parse_constant=pytest.fail)["value"]) for line in lines) == ["0.5", "None"]
    result = run_command("sql", "--lake", lake.root, "select [1, 'nan'::double] as x", "--csv")
    assert result.stdout == 'x\n"[1.0, null]"\n'


def test_hours_to_keep_need_a_vacuum(run_command: RunCommand, lake: Lake) -> None:
    result = run_command("compact", "--lake", lake.root, "--keep-hours", "3")
    assert result.exit_code == 2 and result.message == (
        "patchmill: --keep-hours 3: deletes nothing by itself; add --vacuum"
    )
    assert run_command("compact", "--lake", lake.root, "--vacuum", "--keep-hours", "0").exit_code == 0


class _Words(Settings):
    """Settings of each kind that a word of YAML 1.1 may stand for."""

    text: str = ""
    flag: bool = False


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "On", "OFF", "Yes", "NO", "y", "n"])
def test_words_that_yaml_once_read_as_booleans_are_words(tmp_path: Path, word: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"text: {word}\nflag: {word}\n")
    assert load_settings(path, _Words) == _Words(text=word, flag=word.lower() in ("on", "yes", "y"))
    assert parse_overrides([f"text={word}"], "") == {"text": word}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("7", 7), ("1.5", 1.5), ("null", None)])
def test_other_values_of_yaml_keep_their_types(text: str, value: object) -> None:
    assert parse_yaml(text) == value


def test_an_audit_is_turned_off_by_a_bare_word(tmp_path: Path) -> None:
    base = "sources: [{kind: builtin}]\nmodel: {kind: openai, urls: ['http://127.0.0.1:9/v1'], name: m}\n"
    base = base.replace("{kind: builtin}", "{kind: jsonl, path: x.jsonl}")
    (tmp_path / "c.yaml").write_text(f"{base}audit: off\n")
    assert load_settings(tmp_path / "c.yaml", RefreshConfig).audit == "off"
    (tmp_path / "c.yaml").write_text(f"{base}audit: no\n")
    with pytest.raises(ConfigError, match="audit: Input should be 'full', 'sample' or 'off', got 'no'"):
        load_settings(tmp_path / "c.yaml", RefreshConfig)


def test_a_value_that_is_no_yaml_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"--set a=\[: not valid YAML"):
        parse_overrides(["a=["], "")


def shared_config(shared: Any, case: str) -> Path:
    path: Path = shared(f"cases/{case}") / "config.yaml"
    return path


def test_the_case_of_an_audit_that_is_off_loads(shared: Any) -> None:
    assert load_settings(shared_config(shared, "19-audit-off"), RefreshConfig).audit == "off"
