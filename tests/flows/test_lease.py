"""One run at a time holds a lake: a second run learns who holds it, and takes over only from a dead holder."""

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
StartHolder = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def start_holder(lake: Path) -> Iterator[StartHolder]:
    """Return a function that starts a process which holds the lake."""
    processes: list[subprocess.Popen[str]] = []

    def start(lease_s: float = 60) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", HOLD, str(lake), str(lease_s)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def hold_from_another_machine(lake: Path, seconds: float) -> Holder:
    """Write the lease of a holder on another machine, where the kernel's lock does not reach, for so many seconds."""
    with hold_folder(lake, "flow run 8", 60, 0) as lease:
        other = replace(lease, host="far", machine="other boot", pid=1, token="other", expires=time.time() + seconds)
        (lake / "table").mkdir()
    write_lease(lake, other)
    return other


def write_lease(lake: Path, holder: Holder) -> None:
    """Replace the lease of the lake by that of another holder."""
    (lake / f"{LEASE}.new").write_text(json.dumps(asdict(holder)))
    (lake / f"{LEASE}.new").replace(lake / LEASE)


def test_a_second_run_gets_one_line_with_the_holder_its_start_and_what_to_do(
    lake: Path, start_holder: StartHolder
) -> None:
    process = start_holder()
    with pytest.raises(LakeError) as error, Lake(LakeSettings(path=str(lake))).hold_exclusively():
        pass
    message = str(error.value)
    assert "\n" not in message
    for word in (
        str(lake),
        "flow run 7",
        f"process {process.pid}",
        "since 20",
        "UTC",
        "lake.wait_s",
        f"kill {process.pid}",
    ):
        assert word in message


def test_the_lake_of_a_holder_killed_by_kill_9_is_free_at_once(lake: Path, start_holder: StartHolder) -> None:
    process = start_holder()
    process.send_signal(signal.SIGKILL)
    process.wait()
    holder = read_holder(lake)
    assert holder is not None and holder.pid == process.pid and holder.expires > time.time() + 30
    began = time.monotonic()
    with hold_folder(lake, "next", 60, 0) as lease:
        assert read_holder(lake) == lease and lease.pid == os.getpid()
    assert time.monotonic() - began < 1


def test_a_run_waits_for_another_machine_until_its_lease_runs_out(lake: Path) -> None:
    other = hold_from_another_machine(lake, 1.5)
    with pytest.raises(LakeError, match=r"flow run 8 \(process 1 on far\)"), hold_folder(lake, "next", 60, 0):
        pass
    assert read_holder(lake) == other
    with hold_folder(lake, "next", 60, 10) as lease:
        assert time.time() >= other.expires
        assert read_holder(lake) == lease


def test_a_run_does_not_wait_for_a_dead_process_of_this_machine(lake: Path) -> None:
    other = hold_from_another_machine(lake, 60)
    with hold_folder(lake / "x", "nobody", 60, 0) as lease:
        write_lease(lake, replace(other, machine=lease.machine, pid=lease.pid, pid_started=lease.pid_started - 5))
    with hold_folder(lake, "next", 60, 0) as lease:
        assert read_holder(lake) == lease


def test_a_waiting_run_gets_the_lake_when_it_is_free(lake: Path) -> None:
    taken = threading.Event()

    def hold() -> None:
        with hold_folder(lake, "first", 60, 0):
            taken.set()
            time.sleep(0.7)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    with hold_folder(lake, "second", 60, 20) as lease:
        assert lease.owner == "second"
    thread.join()


def test_a_lease_is_renewed_while_the_run_goes_on(lake: Path) -> None:
    with hold_folder(lake, "long", 1, 0) as lease:
        time.sleep(2)
        holder = read_holder(lake)
        assert holder is not None and holder.token == lease.token
        assert holder.expires > time.time() > lease.expires


def test_a_run_that_lost_its_lease_ends_and_keeps_the_lease_of_the_next_holder(
    lake: Path, start_holder: StartHolder
) -> None:
    process = start_holder(lease_s=1)
    holder = read_holder(lake)
    assert holder is not None
    write_lease(lake, other := replace(holder, owner="another", host="far", machine="other boot", token="other"))
    assert process.wait(10) == -signal.SIGTERM
    assert read_holder(lake) == other


def test_a_run_that_wrote_nothing_leaves_no_folder(lake: Path) -> None:
    with hold_folder(lake, "short", 60, 0):
        assert (lake / LEASE).exists()
    assert not lake.exists()


def test_a_lake_keeps_its_tables_and_no_lease(lake: Path) -> None:
    with hold_folder(lake, "run", 60, 0):
        (lake / "attempts").mkdir()
    assert sorted(path.name for path in lake.iterdir()) == [LOCK, "attempts"]
    assert read_holder(lake) is None


def test_a_folder_that_cannot_be_held_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LakeError, match=r"file: cannot be held: .*; name another lake"),
        hold_folder(tmp_path / "file", "", 60, 0),
    ):
        pass
