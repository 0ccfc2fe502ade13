"""One run at a time on a lake: whoever comes second is told by whom it is held, and takes over from the dead alone."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from storage.errors import LakeError
from storage.lake import Lake, LakeSettings
from storage.locks.lease import LEASE, LOCK, Holder, hold_folder, read_holder

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from storage.locks.lease import hold_folder
with hold_folder(Path(sys.argv[1]), "flow run 7", float(sys.argv[2]), 0):
    print("held", flush=True)
    time.sleep(60)
"""
Holding = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def holding(lake: Path) -> Iterator[Holding]:
    """Start a process that holds the lake."""
    started: list[subprocess.Popen[str]] = []

    def start(lease_s: float = 60) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", HOLD, str(lake), str(lease_s)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def elsewhere(lake: Path, seconds: float) -> Holder:
    """Have another machine hold the lake, where the kernel's lock does not reach, for so long."""
    with hold_folder(lake, "flow run 8", 60, 0) as mine:
        other = replace(mine, host="far", machine="other boot", pid=1, token="other", expires=time.time() + seconds)
        (lake / "table").mkdir()
    put(lake, other)
    return other


def put(lake: Path, found: Holder) -> None:
    (lake / f"{LEASE}.new").write_text(json.dumps(asdict(found)))
    (lake / f"{LEASE}.new").replace(lake / LEASE)


def test_the_second_is_told_in_one_line_who_holds_it_since_when_and_what_to_do(lake: Path, holding: Holding) -> None:
    process = holding()
    with pytest.raises(LakeError) as refused, Lake(LakeSettings(path=str(lake))).hold_exclusively():
        pass
    said = str(refused.value)
    assert "\n" not in said
    for word in (
        str(lake),
        "flow run 7",
        f"process {process.pid}",
        "since 20",
        "UTC",
        "lake.wait_s",
        f"kill {process.pid}",
    ):
        assert word in said


def test_who_is_killed_by_kill_9_is_followed_at_once(lake: Path, holding: Holding) -> None:
    process = holding()
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = read_holder(lake)
    assert found is not None and found.pid == process.pid and found.expires > time.time() + 30
    began = time.monotonic()
    with hold_folder(lake, "next", 60, 0) as mine:
        assert read_holder(lake) == mine and mine.pid == os.getpid()
    assert time.monotonic() - began < 1


def test_another_machine_is_waited_for_until_its_lease_runs_out(lake: Path) -> None:
    other = elsewhere(lake, 1.5)
    with pytest.raises(LakeError, match=r"flow run 8 \(process 1 on far\)"), hold_folder(lake, "next", 60, 0):
        pass
    assert read_holder(lake) == other
    with hold_folder(lake, "next", 60, 10) as mine:
        assert time.time() >= other.expires
        assert read_holder(lake) == mine


def test_a_process_of_this_machine_that_is_gone_is_not_waited_for(lake: Path) -> None:
    other = elsewhere(lake, 60)
    with hold_folder(lake / "x", "nobody", 60, 0) as mine:
        put(lake, replace(other, machine=mine.machine, pid=mine.pid, pid_started=mine.pid_started - 5))
    with hold_folder(lake, "next", 60, 0) as mine:
        assert read_holder(lake) == mine


def test_who_waits_gets_it_when_it_is_free(lake: Path) -> None:
    taken = threading.Event()

    def hold() -> None:
        with hold_folder(lake, "first", 60, 0):
            taken.set()
            time.sleep(0.7)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    with hold_folder(lake, "second", 60, 20) as mine:
        assert mine.owner == "second"
    thread.join()


def test_a_lease_is_renewed_while_the_run_goes_on(lake: Path) -> None:
    with hold_folder(lake, "long", 1, 0) as mine:
        time.sleep(2)
        found = read_holder(lake)
        assert found is not None and found.token == mine.token
        assert found.expires > time.time() > mine.expires


def test_a_run_that_slept_past_its_lease_ends_and_leaves_the_other_its_own(lake: Path, holding: Holding) -> None:
    process = holding(lease_s=1)
    found = read_holder(lake)
    assert found is not None
    put(lake, other := replace(found, owner="another", host="far", machine="other boot", token="other"))
    assert process.wait(10) == -signal.SIGTERM
    assert read_holder(lake) == other


def test_nothing_is_left_where_nothing_came_of_it(lake: Path) -> None:
    with hold_folder(lake, "short", 60, 0):
        assert (lake / LEASE).exists()
    assert not lake.exists()


def test_a_lake_keeps_what_came_of_it_and_no_lease(lake: Path) -> None:
    with hold_folder(lake, "run", 60, 0):
        (lake / "attempts").mkdir()
    assert sorted(path.name for path in lake.iterdir()) == [LOCK, "attempts"]
    assert read_holder(lake) is None


def test_a_place_that_cannot_be_held_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LakeError, match=r"file: cannot be held: .*; name another lake"),
        hold_folder(tmp_path / "file", "", 60, 0),
    ):
        pass
