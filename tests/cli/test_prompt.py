"""The prompt of `patchmill sql`."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cli.prompt import completer, talk
from cli.sql import show
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS
from tests.builders import row

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    assert lake.buckets
    lake.append(ATTEMPTS, [row(ATTEMPTS)])
    return lake


@pytest.fixture
def keys(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    """The keyboard of a prompt, whose history lies below `tmp_path`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who is started in the background ignores Ctrl-C
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


class Impatient(Catalog):
    """Somebody presses Ctrl-C half a second into a long query; not before, when the prompt would get it."""

    def run_user_sql(self, sql: str) -> Iterator[pa.Table]:
        if "range(" in sql:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        return super().run_user_sql(sql)


def typed(keys: PipeInput, lake: Lake, text: str, capsys: Capture, kind: type[Catalog] = Catalog) -> tuple[str, str]:
    """What a session answers that ends with Ctrl-D; stdout and stderr."""
    keys.send_text(text + "\x04")
    with kind(lake) as catalog:
        talk(catalog, show)
    said = capsys.readouterr()
    return said.out, said.err


def test_a_statement_goes_on_until_its_semicolon(keys: PipeInput, lake: Lake, capsys: Capture) -> None:
    out, _ = typed(keys, lake, "select 'one;' as\rword,\r2 as two;\r", capsys)
    assert "one;" in out and "two" in out


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("sel", "select"),
        ("select 1 fro", "from"),
        ("from pass_at", "pass_at_k"),
        ("select parent_att", "parent_attempt_id"),
    ],
)
def test_tab_completes_tables_columns_and_words(lake: Lake, text: str, whole: str) -> None:
    with Catalog(lake) as catalog:
        found = completer(catalog).get_completions(Document(text), CompleteEvent(completion_requested=True))
        assert whole in [one.text for one in found]


def test_a_mistake_is_one_line_and_the_session_goes_on(keys: PipeInput, lake: Lake, capsys: Capture) -> None:
    out, err = typed(keys, lake, "from attemps;\rcopy drops to 'x';\rselect 41 + 1 as n;\r", capsys)
    assert 'Did you mean "attempts"' in err and "expected queries" in err and "42" in out


def test_ctrl_c_drops_the_line_and_backslash_d_lists(keys: PipeInput, lake: Lake, capsys: Capture) -> None:
    out, err = typed(keys, lake, "select nonsense\x03\\d\r\\d verdicts\r\\d changes\r\\what\r", capsys)
    assert "nonsense" not in out + err
    assert "lineage" in out and "peak_mib" in out and "changes(run_a, run_b): " in err and r"\q or Ctrl-D" in err


def test_ctrl_c_stops_a_query_and_not_the_session(keys: PipeInput, lake: Lake, capsys: Capture) -> None:
    long = "select sum(range) from range(1000000000000);\r"
    out, err = typed(keys, lake, long + "select 6 * 7 as n;\r", capsys, Impatient)
    assert "stopped" in err and "42" in out


def test_history_is_kept_in_the_users_state_folder_for_them_alone(
    keys: PipeInput, lake: Lake, tmp_path: Path, capsys: Capture
) -> None:
    typed(keys, lake, "select 123 as first;\r", capsys)
    held = tmp_path / "state/patchmill/sql_history"
    assert "select 123 as first;" in held.read_text() and held.stat().st_mode & 0o077 == 0
    out, _ = typed(keys, lake, "\x1b[A\r", capsys)  # arrow up
    assert "123" in out


def test_a_state_folder_that_cannot_be_written_is_no_obstacle(
    keys: PipeInput, lake: Lake, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "state").write_text("a file")
    assert "42" in typed(keys, lake, "select 42 as n;\r", capsys)[0]


def test_on_a_terminal_without_a_query_there_is_a_prompt(lake: Lake, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import main; main()", "sql", "--lake", lake.root],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, close_fds=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
    )  # fmt: skip
    os.close(theirs)
    said = b""

    def until(what: bytes) -> None:
        nonlocal said
        deadline = time.monotonic() + 60
        while what not in said:
            assert time.monotonic() < deadline, said
            said += os.read(ours, 4096)

    until(b"patchmill>")
    os.write(ours, b"\x1b[1;1R")  # where the cursor is: prompt_toolkit asks its terminal
    os.write(ours, b"select 6 * 7 as answer;\r")
    until(b"42")
    process.terminate()
    process.wait(60)
    os.close(ours)


def test_a_reader_of_standard_output_that_is_no_terminal_gets_no_prompt(
    lake: Lake, patchmill: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ours, theirs = pty.openpty()
    done = patchmill("sql", "--lake", lake.root, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2 and "expected a query: patchmill sql" in done.stderr
