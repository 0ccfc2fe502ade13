"""`patchmill up` runs a scheduled refresh to its end, with every artifact, and `down` leaves no process.

No process connects to another machine.
"""

import ipaddress
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from tests.flows.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Connections(threading.Thread):
    """Collect the remote addresses of the connections of a site's processes, several times a second."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site, self.remote_addresses, self.stop = site, set[str](), threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.3):
            for process in self.site.list_processes():
                try:
                    self.remote_addresses |= {
                        link.raddr.ip for link in process.net_connections(kind="inet") if link.raddr
                    }
                except psutil.Error:
                    continue


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, cron="* * * * *")
    yield site
    site.down()


def test_a_schedule_fires_and_completes_and_nothing_is_left_after_down(site: Site) -> None:
    watcher = Connections(site)
    watcher.start()
    parts = site.up()
    assert set(parts) == {"server", "worker-model", "worker-cpu"}
    assert {part["state"] for part in parts.values()} == {"up"}
    again = site.up()
    assert {name: part["pid"] for name, part in again.items()} == {name: part["pid"] for name, part in parts.items()}
    assert site.run_command("up", "--status").returncode == 0

    first = _wait_for_scheduled_run(site)
    assert site.wait_for_state(first) == "Completed", site.read_logs()
    with site.open_client() as client:
        run = client.read_flow_run(first)
        artifacts = {artifact.key for artifact in client.read_artifacts() if artifact.flow_run_id == first}
        assert run.auto_scheduled and run.work_pool_name == "model"
        limits = {pool: client.read_work_pool(pool).concurrency_limit for pool in ("model", "cpu")}
        assert len(client.read_automations()) == 5
    assert artifacts >= {"funnel", "progress", "live", "throughput", "drops", "summary"}
    assert limits == {"model": 1, "cpu": 2}
    with Catalog(Lake(LakeSettings(path=str(site.lake)))) as catalog:
        assert catalog.rows("select count(*) as n from attempts where kind = 'generate'") == [{"n": 99}]

    watcher.stop.set()
    watcher.join()
    assert watcher.remote_addresses and all(ipaddress.ip_address(ip).is_loopback for ip in watcher.remote_addresses)
    assert site.down() < 30
    assert site.list_processes() == [] and site.read_parts() == {}
    assert site.run_command("up", "--status").returncode == 1


def _wait_for_scheduled_run(site: Site) -> UUID:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with site.open_client() as client:
            runs = [run for run in client.read_flow_runs() if run.start_time and run.auto_scheduled]
        if runs:
            return runs[0].id
        time.sleep(1)
    raise AssertionError(f"no run was scheduled\n{site.read_logs()}")
