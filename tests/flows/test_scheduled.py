"""`patchmill up` on a machine of its own: a schedule fires, the run completes, the UI has what it should, and `down`
leaves nothing. No connection leads anywhere but to this machine."""

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
    """Looks several times a second at every connection of a site's processes, and keeps the far ends."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site, self.ends, self.stop = site, set[str](), threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.3):
            for process in self.site.left():
                try:
                    self.ends |= {one.raddr.ip for one in process.net_connections(kind="inet") if one.raddr}
                except psutil.Error:
                    continue


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, cron="* * * * *")
    yield site
    site.down()


def test_a_schedule_fires_and_completes_and_nothing_is_left_after_down(site: Site) -> None:
    watching = Connections(site)
    watching.start()
    parts = site.up()
    assert set(parts) == {"server", "worker-model", "worker-cpu"}
    assert {part["state"] for part in parts.values()} == {"up"}
    again = site.up()
    assert {name: part["pid"] for name, part in again.items()} == {name: part["pid"] for name, part in parts.items()}
    assert site.patchmill("up", "--status").returncode == 0

    first = _first_scheduled_run(site)
    assert site.wait(first) == "Completed", site.logs()
    with site.client() as client:
        run = client.read_flow_run(first)
        kept = {artifact.key for artifact in client.read_artifacts() if artifact.flow_run_id == first}
        assert run.auto_scheduled and run.work_pool_name == "model"
        limits = {pool: client.read_work_pool(pool).concurrency_limit for pool in ("model", "cpu")}
        assert len(client.read_automations()) == 5
    assert kept >= {"funnel", "progress", "live", "throughput", "drops", "summary"}
    assert limits == {"model": 1, "cpu": 2}
    with Catalog(Lake(LakeSettings(path=str(site.lake)))) as catalog:
        assert catalog.rows("select count(*) as n from attempts where kind = 'generate'") == [{"n": 99}]

    watching.stop.set()
    watching.join()
    assert watching.ends and all(ipaddress.ip_address(end).is_loopback for end in watching.ends)
    assert site.down() < 30
    assert site.left() == [] and site.parts() == {}
    assert site.patchmill("up", "--status").returncode == 1


def _first_scheduled_run(site: Site) -> UUID:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with site.client() as client:
            begun = [run for run in client.read_flow_runs() if run.start_time and run.auto_scheduled]
        if begun:
            return begun[0].id
        time.sleep(1)
    raise AssertionError(f"nothing was scheduled\n{site.logs()}")
