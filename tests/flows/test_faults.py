"""After a fault from outside, the next run finishes the work, and the lake equals that of an undisturbed run.

The Docker daemon's faults are in test_sandbox_faults.py, kill -9 of a run at random moments in test_kill.py.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from tests.flows.site import Site
from tests.flows.test_kill import finish_refresh, read_contents, start_refresh
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.slow  # starts servers and workers

slow = [pytest.mark.slow, pytest.mark.timeout(900)]
REPAIRED_S = 1.5


def count_attempts(lake: Path) -> int:
    """Return the number of first attempts."""
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        n: int = catalog.rows("select count(*) as n from attempts where kind = 'generate'")[0]["n"]
        return n


def wait_for_attempts(lake: Path, seconds: float = 180) -> None:
    """Wait for the first programs of a run, so that a fault hits it in the middle."""
    deadline = time.monotonic() + seconds
    while not (lake.exists() and count_attempts(lake)):
        assert time.monotonic() < deadline, f"no attempt within {seconds:.0f} s"
        time.sleep(0.05)


def kill_9(pid: int) -> None:
    """Kill a process and all its descendants."""
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            process.kill()
        except psutil.Error:
            continue


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.down()


class TestOfPrefect:
    pytestmark = slow

    @pytest.mark.parametrize("part", ["worker-model", "server"])
    def test_a_part_of_prefect_killed_in_the_middle(self, site: Site, part: str) -> None:
        site.up()
        undisturbed = {**site.config, "lake": site.lake_settings("undisturbed")}
        assert site.wait_for_state(site.start_run("refresh/nightly", config=undisturbed)) == "Completed"
        broken = site.start_run("refresh/nightly")
        wait_for_attempts(site.lake)
        kill_9(site.read_parts()[part].pid)
        site.up()
        if part == "worker-model":
            # its run died with it, still holds the only place of the pool, and is swept
            assert site.wait_for_state(broken, ["Running"]) == "Running"
            time.sleep(5)
            assert site.wait_for_state(site.start_run("sweep/sweeper", silent_s=5)) == "Completed"
            assert site.wait_for_state(broken) == "Crashed"
        else:
            site.wait_for_state(broken)  # it goes on, or fails without the server: either way it ends
        assert site.wait_for_state(site.start_run("refresh/nightly")) == "Completed"
        assert read_contents(site.lake) == read_contents(site.folder / "undisturbed")


class TestOfTheDisk:
    pytestmark = slow

    def test_a_disk_that_is_full_at_a_write(self, tmp_path: Path, prefect_server: str) -> None:
        finish_refresh(tmp_path / "undisturbed", "recorded")
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("a disk of its own must be mounted by root")
        try:
            process = start_refresh(disk / "lake", "recorded")
            wait_for_attempts(disk / "lake")
            ballast = disk / "ballast"
            fill(ballast)
            _, errors = process.communicate(timeout=200)
            assert process.returncode == 1
            assert "cannot" in (line := errors.decode().strip().splitlines()[-1]), line
            ballast.unlink()
            finish_refresh(disk / "lake", "recorded")
            assert read_contents(disk / "lake") == read_contents(tmp_path / "undisturbed")
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(ballast: Path) -> None:
    """Fill the disk to the last block."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


class DyingServer(ScriptedServer):
    """Stop listening at the third request, and listen again on the same port REPAIRED_S later."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = 0

    def answer(self, body: dict[str, Any]) -> tuple[int, object]:
        self.requests += 1
        if self.requests == 3:
            self.broken = True  # for connections that are open
            threading.Thread(target=self.restart_later).start()
        return super().answer(body)

    def restart_later(self) -> None:
        self.stop()
        time.sleep(REPAIRED_S)  # longer than the first retry waits
        self.restart()
        self.broken = False


class TestOfTheModelServer:
    @pytest.mark.usefixtures("prefect_server")
    def test_a_model_server_that_dies_and_comes_back(self, config: Callable[..., RefreshConfig]) -> None:
        with DyingServer() as server:
            report = refresh(config(model__urls=[server.url]))
        assert server.requests > 3 and not server.broken
        assert report.funnel["attempts"] == 6 and report.funnel["verified_repairs"] == 4
        assert report.funnel["infra"] == report.funnel["unjudged"] == 0
        with Catalog(Lake(config().lake)) as catalog:
            counts = "select count(*) as n, count(distinct attempt_id) as ids from attempts where kind <> 'reference'"
            assert catalog.rows(counts) == [{"n": 14, "ids": 14}]


class TestOfTheLeaseHolder:
    @pytest.mark.timeout(400)
    def test_a_second_run_is_refused_and_follows_when_the_first_is_killed(
        self, tmp_path: Path, prefect_server: str
    ) -> None:
        lake = tmp_path / "lake"
        first = start_refresh(lake, "recorded")
        wait_for_attempts(lake)
        os.killpg(first.pid, signal.SIGSTOP)  # otherwise it may end before the second has started
        second = start_refresh(lake, "recorded")
        _, errors = second.communicate(timeout=120)
        message = errors.decode().strip().splitlines()[-1]
        assert second.returncode == 1
        assert f"process {first.pid} on" in message and "since" in message and "lake.wait_s" in message
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        finish_refresh(lake, "recorded")
        assert count_attempts(lake) == 99
