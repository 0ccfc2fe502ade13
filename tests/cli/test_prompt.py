"""The prompt of `patchmill sql`."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cli.prompt import make_completer, run_prompt
from cli.sql import print_answer
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS
from tests.builders import row
from tests.waiting import until

ROOT = Path(__file__).parents[2]
Session = Callable[[str], tuple[str, str]]
CURSOR_AT_TOP = b"\x1b[1;1R"
"""A terminal's answer to the question where its cursor is."""
LONG_QUERY = "select sum(range) from range(1000000000000);"
QUERY_RUNS_S = 0.5
"""CPU seconds that only a running query uses."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    assert lake.buckets
    lake.append(ATTEMPTS, [row(ATTEMPTS)])
    return lake


@pytest.fixture
def keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    """Keys of a prompt whose history lies below `tmp_path`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        yield keyboard


@pytest.fixture
def type_keys(keyboard: PipeInput, lake: Lake, capsys: pytest.CaptureFixture[str]) -> Session:
    """Type keys and Ctrl-D into a session; return stdout and stderr."""

    def run(keys: str) -> tuple[str, str]:
        keyboard.send_text(keys + "\x04")
        with Catalog(lake) as catalog:
            run_prompt(catalog, print_answer)
        output = capsys.readouterr()
        return output.out, output.err

    return run


def test_a_statement_goes_on_until_its_semicolon(type_keys: Session) -> None:
    out, _ = type_keys("select 'one;' as\rword,\r2 as two;\r")
    assert "one;" in out and "two" in out


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sel", "select"),
        ("select 1 fro", "from"),
        ("from pass_at", "pass_at_k"),
        ("select parent_att", "parent_attempt_id"),
    ],
)
def test_tab_completes_tables_columns_and_words(lake: Lake, text: str, word: str) -> None:
    with Catalog(lake) as catalog:
        completer = make_completer(catalog)
        completions = completer.get_completions(Document(text), CompleteEvent(completion_requested=True))
        assert word in [completion.text for completion in completions]


def test_a_mistake_is_one_line_and_the_session_goes_on(type_keys: Session) -> None:
    out, err = type_keys("from attemps;\rcopy drops to 'x';\rselect 41 + 1 as n;\r")
    assert 'Did you mean "attempts"' in err and "copy drops ...: expected queries" in err and "42" in out


def test_ctrl_c_drops_the_line_and_backslash_d_lists(type_keys: Session) -> None:
    out, err = type_keys("select nonsense\x03\\d\r\\d verdicts\r\\d changes\r\\what\r")
    assert "nonsense" not in out + err
    assert "lineage" in out and "peak_mib" in out and "changes(run_a, run_b): " in err and r"\q or Ctrl-D" in err


def test_history_is_in_the_users_state_folder_and_readable_by_that_user_only(
    type_keys: Session, tmp_path: Path
) -> None:
    type_keys("select 123 as first;\r")
    history = tmp_path / "state/patchmill/sql_history"
    assert "select 123 as first;" in history.read_text() and history.stat().st_mode & 0o077 == 0
    out, _ = type_keys("\x1b[A\r")  # arrow up
    assert "123" in out


def test_a_session_needs_no_state_folder(type_keys: Session, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    assert "42" in type_keys("select 42 as n;\r")[0]


class Terminal:
    """`patchmill sql` on a pseudo-terminal."""

    def __init__(self, process: psutil.Popen, descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._output = b""

    def type(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def read_until(self, text: bytes) -> None:
        """Read until a text is printed that was not read before."""
        while text not in self._output:
            self._output += os.read(self._descriptor, 4096)  # pytest's time limit ends a wait in vain
        self._output = self._output.split(text, 1)[1]

    def cpu_s(self) -> float:
        return float(self.process.cpu_times().user)


@contextmanager
def open_terminal(lake: Lake, state: Path) -> Iterator[Terminal]:
    """Yield a terminal that shows the first prompt."""
    descriptor, child_descriptor = pty.openpty()
    command = [
        sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from cli.main import main; main()", "sql", "--lake", lake.root,
    ]  # fmt: skip
    environment = {**os.environ, "XDG_STATE_HOME": str(state), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    process = psutil.Popen(
        command, stdin=child_descriptor, stdout=child_descriptor, stderr=child_descriptor, cwd=ROOT, env=environment
    )
    os.close(child_descriptor)
    try:
        terminal = Terminal(process, descriptor)
        terminal.read_until(b"patchmill>")
        terminal.type(CURSOR_AT_TOP)  # prompt_toolkit has asked for it
        yield terminal
    finally:
        process.terminate()
        process.wait(60)
        os.close(descriptor)


def test_a_terminal_without_a_query_gets_a_prompt(lake: Lake, tmp_path: Path) -> None:
    with open_terminal(lake, tmp_path) as terminal:
        terminal.type(b"select 6 * 7 as answer;\r")
        terminal.read_until(b"42")


def test_ctrl_c_stops_a_query_and_not_the_session(lake: Lake, tmp_path: Path) -> None:
    with open_terminal(lake, tmp_path) as terminal:
        before = terminal.cpu_s()
        terminal.type(LONG_QUERY.encode() + b"\r")
        until(lambda: terminal.cpu_s() > before + QUERY_RUNS_S, "the query runs")
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until(b"stopped")
        terminal.read_until(b"patchmill>")
        terminal.type(CURSOR_AT_TOP + b"select 6 * 7 as answer;\r")
        terminal.read_until(b"42")


def test_without_a_terminal_on_stdout_there_is_no_prompt(
    lake: Lake, patchmill: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    descriptor, child_descriptor = pty.openpty()
    result = patchmill("sql", "--lake", lake.root, stdin=child_descriptor)
    os.close(descriptor)
    os.close(child_descriptor)
    assert result.returncode == 2 and "expected a query: patchmill sql" in result.stderr
