"""Ctrl-C at a terminal and SIGTERM end a command in time, with one line, and leave nothing behind."""

import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from tests.dashboards.lakes import write_small_lake
from tests.flows.test_kill import finish_refresh, read_contents, read_keys
from tests.ports import find_unused_port
from tests.scripted import ScriptedServer, problem_line, write_problems
from tests.terminal import Terminal, open_terminal
from tests.waiting import until

COMMAND_S, SERVER_S = 5.0, 15.0
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
LINES = {signal.SIGINT: "patchmill: stopped by Ctrl-C", signal.SIGTERM: "patchmill: stopped by SIGTERM"}
ADVICE = ": what was committed stays, and the next run goes on from there"
PRESSES = int(os.environ.get("PATCHMILL_PRESSES", "20"))
BOTH = pytest.mark.parametrize("number", EXIT_CODES, ids=["Ctrl-C", "SIGTERM"])


def assert_stopped(terminal: Terminal, number: signal.Signals, limit_s: float, line: str) -> None:
    """Check that a command which got a signal ends as it should."""
    status, seconds = terminal.wait(limit_s + 30)
    assert terminal.lines_after_press() == [line]
    assert status == EXIT_CODES[number] and seconds < limit_s
    until(lambda: not terminal.survivors(), "the end of all processes", limit_s)


def temporary_files(process_id: int) -> list[str]:
    """Return what a process has left in the folder of temporary files."""
    return [path.name for path in Path(tempfile.gettempdir()).glob(f"patchmill-{process_id}*")]


@BOTH
def test_a_run_ends_while_it_waits_for_its_model(
    tmp_path: Path, writer: ScriptedServer, prefect_server: str, number: signal.Signals
) -> None:
    config = {
        "sources": [{"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", "add", "shout"))}],
        "model": {"kind": "openai", "urls": [writer.url], "name": "scripted"},
        "audit": "off",
        "lake": {"path": str(tmp_path / "lake"), "buckets": 2},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    writer.hold("generate")
    with open_terminal("run", tmp_path / "c.yaml") as terminal:
        until(lambda: writer.held, "a question to the model")
        terminal.press(number)
        assert_stopped(terminal, number, COMMAND_S, LINES[number] + ADVICE)
        assert not temporary_files(terminal.process.pid)
    with Catalog(Lake(LakeSettings(path=str(tmp_path / "lake")))) as catalog:
        [row] = catalog.rows("select count(*) as references from attempts where kind = 'reference'")
    assert row == {"references": 2} and not (tmp_path / "lake/.lease").exists()


@BOTH
def test_programs_in_the_sandbox_end_with_the_command(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps(problem_line("add")) + "\n")
    sleeper = {"id": "1", "source_id": "add", "code": "import time\ntime.sleep(1000)\n"}
    (tmp_path / "s.jsonl").write_text(json.dumps(sleeper) + "\n")
    arguments = ("judge", tmp_path / "p.jsonl", tmp_path / "s.jsonl", "--out", tmp_path / "v.jsonl")
    with open_terminal(*arguments, "--jobs", 1, "--backend", "bubblewrap") as terminal:
        terminal.wait_for_program()
        terminal.press(number)
        assert_stopped(terminal, number, COMMAND_S, LINES[number])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.jsonl", "s.jsonl"]


def test_the_dashboard_ends(tmp_path: Path) -> None:
    lake = write_small_lake(tmp_path / "lake")
    with open_terminal("dashboard", "--lake", lake, "--port", find_unused_port()) as terminal:
        until(lambda: "press Ctrl-C to end" in terminal.text, "the address of the dashboard")
        terminal.press(signal.SIGINT)
        assert_stopped(terminal, signal.SIGINT, SERVER_S, LINES[signal.SIGINT])


@pytest.mark.slow
@pytest.mark.timeout(60 * PRESSES + 300)
def test_runs_stopped_at_random_moments_lose_and_double_no_row(tmp_path: Path, prefect_server: str) -> None:
    began = time.monotonic()
    finish_refresh(tmp_path / "undisturbed", "recorded")
    undisturbed_s = time.monotonic() - began
    dice, stopped, slowest_s = random.Random(20260101), 0, 0.0
    while stopped < PRESSES:
        lake = tmp_path / f"stopped-{stopped}"
        for _ in range(min(5, PRESSES - stopped)):  # several signals hit the same lake before a run may finish
            number = dice.choice(list(EXIT_CODES))
            before = set(read_keys(lake)) if lake.exists() else set()
            sets = ("--set", "lake.buckets=4", "--set", "lake.commit_rows=8")
            with open_terminal("run", "configs/refresh/recorded.yaml", "--lake", lake, *sets) as terminal:
                until(lambda: "starting" in terminal.text, "the first line")
                time.sleep(dice.uniform(0.0, 0.95) * undisturbed_s)  # each moment is as good
                if terminal.process.poll() is not None:
                    continue
                terminal.press(number)
                status, seconds = terminal.wait(60)
                if status == 0:  # it had just ended
                    continue
                [line] = terminal.lines_after_press()
                assert line in (LINES[number], LINES[number] + ADVICE)
                assert status == EXIT_CODES[number] and seconds < COMMAND_S
                until(lambda: not terminal.survivors(), "the end of all processes", COMMAND_S)
                assert not temporary_files(terminal.process.pid)
                stopped, slowest_s = stopped + 1, max(slowest_s, seconds)
            after = read_keys(lake) if lake.exists() else []
            assert before <= set(after) and len(after) == len(set(after))
        finish_refresh(lake, "recorded")
        assert read_contents(lake) == read_contents(tmp_path / "undisturbed")
    print(f"{stopped} signals, slowest end {slowest_s:.1f} s, undisturbed run {undisturbed_s:.0f} s")  # noqa: T201
