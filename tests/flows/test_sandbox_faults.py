"""A fault of the sandbox in the middle of a run gives no verdict: its programs are judged again."""

import gc
import itertools
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker import DockerClient

from flows.config import RefreshConfig
from flows.refresh import refresh
from judge.backends.docker_daemon import LABEL
from judge.protocol import Job
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.running.effects import judging_through
from tests.judge_docker.conftest import DockerEngine, start_engine
from tests.judges import InterceptingJudge
from tests.scripted import ScriptedServer

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # the SDK drops dead connections
]
Build = Callable[..., RefreshConfig]
FAULT_AT, REPAIRED_S = 5, 1.5


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 48 MiB for the daemon."""
    disk = tmp_path / "disk"
    disk.mkdir()
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], capture_output=True, check=False)
    if result.returncode:
        pytest.skip("a disk of its own must be mounted by root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def remove_containers(engine: DockerEngine) -> None:
    """Remove every container of the judge."""
    client = DockerClient(engine.host)
    for container in client.containers.list(filters={"label": LABEL}):
        container.remove(force=True)
    client.close()


def fill(disk: Path) -> None:
    """Fill the disk with a file."""
    with (disk / "ballast").open("wb") as file:
        try:
            while file.write(bytes(1 << 20)):
                file.flush()
        except OSError:
            return


@pytest.mark.parametrize("fault", ["containers removed", "daemon stopped", "disk full"])
def test_a_run_survives_faults_of_its_sandbox(config: Build, writer: ScriptedServer, disk: Path, fault: str) -> None:
    job_numbers = itertools.count()

    def inject_fault(_job: Job) -> None:
        if next(job_numbers) == FAULT_AT:
            if fault == "daemon stopped":
                engine.stop()
                threading.Timer(REPAIRED_S, engine.start).start()
            else:
                if fault == "disk full":
                    fill(disk)
                    threading.Timer(REPAIRED_S, (disk / "ballast").unlink).start()
                remove_containers(engine)

    with ExitStack() as stack:
        engine = start_engine(**{"data-root": f"{disk}/data"})
        stack.callback(engine.close)
        stack.enter_context(judging_through(lambda judge: InterceptingJudge(judge, before=inject_fault)))
        report = refresh(config(sandbox__backend="docker", sandbox__docker_host=engine.host, sandbox__jobs=1))
    gc.collect()  # here, where the warnings are expected
    assert next(job_numbers) > FAULT_AT
    assert report.funnel["right_at_once"] == 2 and report.funnel["verified_repairs"] == 4
    assert report.funnel["infra"] == report.funnel["unjudged"] == 0
    assert writer.asked == {"generate": 6, "diagnose": 4, "repair": 8}
    with Catalog(Lake(config().lake)) as catalog:
        counts = "count(*) as n, count(distinct attempt_id) as ids"
        rows = catalog.rows(f"select backend, {counts} from executions group by backend")
    assert rows == [{"backend": "docker", "n": 16, "ids": 16}]
