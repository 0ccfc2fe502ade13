"""Containers: confined as promised, replaced when they break, and gone afterwards, whichever side ended."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from judge.attacks import Attack
from judge.audit import audit
from judge.backends.docker import Docker
from judge.backends.docker_cgroup import ContainerCgroup
from judge.backends.docker_daemon import LABEL, why_unreachable
from judge.errors import SandboxError
from judge.factory import SandboxSettings, open_sandbox, probe
from judge.inside import seccomp
from judge.pool import SlotPool
from judge.protocol import Job, Judged, Limits, Sandbox
from judge.server import ForkServer, RunningJob
from judge.slot import kernel_limits, memory_file
from tests.judge.running import asserts
from tests.judge_docker.conftest import DockerEngine, start_engine
from tests.waiting import until

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.models.images import Image

ROOT = Path(__file__).parents[2]
SLEEPER = "import time\ntime.sleep(2)\ndef f(n): return n"


def new_job(n: int, code: str = "def f(n): return n", limits: Limits = Limits()) -> Job:  # noqa: B008 frozen
    """Return a job that a right program passes."""
    return Job(str(n), code, "", "f", asserts(f"assert f({n}) == {n}"), limits)


@pytest.fixture
def client(engine: DockerEngine) -> "Iterator[DockerClient]":
    """A client of the session's daemon."""
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        yield client


def list_owned(client: "DockerClient", pid: int | None = None) -> "tuple[list[Container], list[Image]]":
    """Return the containers and images that a process owns, by default this one."""
    owned = {"label": f"{LABEL}.pid={pid or os.getpid()}"}
    return client.containers.list(all=True, filters=owned, ignore_removed=True), client.images.list(filters=owned)


def list_owned_ids(client: "DockerClient") -> list[set[str]]:
    """Return the ids of this process's containers, and of its images."""
    return [{entry.id for entry in entries} for entries in list_owned(client)]


def list_pids(container: "Container") -> list[int]:
    """Return the processes of a container: its first one, and those below it."""
    container.reload()
    pids = [container.attrs["State"]["Pid"]]
    for pid in pids:
        try:
            pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            continue
    return pids


def test_a_container_is_confined_as_promised(engine: DockerEngine, client: "DockerClient") -> None:
    before = {container.id for container in list_owned(client)[0]}
    confined = Docker(engine.host).start("candidate", 61234)
    try:
        (new,) = [container for container in list_owned(client)[0] if container.id not in before]
        config, host = new.attrs["Config"], new.attrs["HostConfig"]
        assert (config["User"], host["NetworkMode"], host["IpcMode"]) == ("61234:61234", "none", "none")
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
        assert host["Memory"] == host["MemorySwap"] == 520 << 20 and host["PidsLimit"] == 512
        assert "no-new-privileges:true" in host["SecurityOpt"] and not any(m["RW"] for m in new.attrs["Mounts"])
        status = Path(f"/proc/{new.attrs['State']['Pid']}/status").read_text()
        fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split() == ["61234"] * 4 and fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
        profile = json.loads(next(o for o in host["SecurityOpt"] if o.startswith("seccomp=")).removeprefix("seccomp="))
        denied = {name for rule in profile["syscalls"] for name in rule["names"]}
        assert set(seccomp.STATIC) | {"clone3"} <= denied and not {"unshare", "mount", "setns"} & denied
        assert confined.cgroup is not None
        confined.cgroup.set_limit(300 << 20)
        new.reload()
        assert new.attrs["HostConfig"]["Memory"] == 300 << 20 and new.attrs["HostConfig"]["PidsLimit"] == 512
    finally:
        confined.stop()


def test_a_cgroup_that_is_gone_counts_no_kill(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    group = ContainerCgroup(os.getpid(), 0, lambda limit: None, tmp_path)
    file = tmp_path / "memory/memory.oom_control"
    group._path, group.mode = tmp_path / "memory", "v1"
    file.write_text("oom_kill 3\n")
    assert group.kills() == 3
    file.unlink()
    assert group.kills() == 3


@pytest.mark.parametrize("cause", ["removed", "killed"])
def test_a_container_lost_during_a_run_is_replaced(engine: DockerEngine, client: "DockerClient", cause: str) -> None:
    before = {container.id for container in list_owned(client)[0]}

    def list_new_candidates() -> "list[Container]":
        new = [container for container in list_owned(client)[0] if container.id not in before]
        return [container for container in new if container.labels[LABEL] == "candidate"]

    def lose_container() -> None:
        (container,) = until(list_new_candidates, "the candidate's container")
        until(lambda: len(list_pids(container)) > 2, "a program in it")
        if cause == "removed":
            container.remove(force=True)
        else:
            os.kill(list_pids(container)[1], signal.SIGKILL)  # the server; the first process only waits for it

    losing = threading.Thread(target=lose_container)
    losing.start()
    with SlotPool(Docker(engine.host), 1) as pool:
        (row,) = pool.judge([new_job(1, SLEEPER)])
    losing.join()
    assert row.verdict == "passed" and row.evidence["retries"] == 1, row


# The SDK drops dead connections without closing them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_daemon_that_stops_during_a_run_is_an_error_and_nothing_hangs() -> None:
    engine = start_engine()
    try:
        with SlotPool(Docker(engine.host), 1) as pool:
            list(pool.judge([new_job(1)]))
            stopping = threading.Timer(0.5, engine.stop)
            stopping.start()
            start = time.monotonic()
            try:
                # A daemon that is told to stop gives containers 10 s; the program's own wall limit is longer.
                sleeper = "import time\ntime.sleep(200)\ndef f(n): return n"
                (row,) = pool.judge([new_job(2, sleeper, Limits(wall_s=200))])
                assert row.verdict == "infra", row
            except SandboxError as error:
                assert engine.host in str(error)
        stopping.join()
        assert time.monotonic() - start < 60
    finally:
        engine.close()
    gc.collect()


def test_closing_leaves_nothing(engine: DockerEngine, client: "DockerClient") -> None:
    folders = set(Path("/tmp").glob("patchmill-*"))
    before = list_owned_ids(client)
    pool = SlotPool(Docker(engine.host), 2)
    assert [row.verdict for row in pool.judge(new_job(n) for n in range(6))] == ["passed"] * 6
    during = list_owned_ids(client)
    pool.close()
    assert [len(ids - ids_before) for ids, ids_before in zip(during, before, strict=True)] == [4, 1]
    assert list_owned_ids(client) == before
    assert set(Path("/tmp").glob("patchmill-*")) == folders


def test_what_a_dead_owner_left_is_removed_and_what_the_living_own_is_not(
    engine: DockerEngine, client: "DockerClient", sandbox: Sandbox
) -> None:
    script = (
        "import sys, time\nfrom judge.backends.docker import Docker\n"
        "Docker(sys.argv[1]).start('candidate', 61300)\nprint('up', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, engine.host]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as owner:
        assert owner.stdout is not None and owner.stdout.readline() == b"up\n"
        owner.kill()
    (orphan,), images = list_owned(client, owner.pid)

    def has_exited() -> bool:
        orphan.reload()
        return bool(orphan.status == "exited")

    until(has_exited, "the end of a container whose control socket is closed")
    list(sandbox.judge([new_job(1)]))
    living = list_owned_ids(client)
    Docker(engine.host).start("driver", 61302).stop()
    assert len(images) == 1 and list_owned(client, owner.pid) == ([], [])
    assert list_owned_ids(client) == living


PAYLOAD = b'{"code": "import time; time.sleep(60)", "context": "", "main": false}'


class LeavingSandbox:
    """Passes its job, and leaves a program in a container that nothing ends."""

    backend = "docker"

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self.left: list[RunningJob] = []

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """See Sandbox.judge."""
        driver_end, wire = socket.socketpair()
        with open("/dev/null", "r+b") as null, driver_end, wire:
            payload = memory_file(PAYLOAD)
            fds = [null.fileno(), null.fileno(), null.fileno(), wire.fileno(), payload]
            self._server.launch(kernel_limits(Limits()), fds)
            os.close(payload)
        self.left.append(self._server.wait_start())
        yield Judged(next(iter(jobs)).job_id, "passed", ())

    def close(self) -> None:
        """See Sandbox.close."""
        for job in self.left:
            job.kill()
            self._server.wait_end()
            job.close()
        self._server.stop()


def test_a_process_that_survives_in_a_container_is_found(engine: DockerEngine) -> None:
    attack = Attack("sum", "honest but awkward", "def add(a, b): return a + b", ("passed",))
    with closing(LeavingSandbox(ForkServer(Docker(engine.host), "candidate", 61234))) as sandbox:
        (result,) = audit(sandbox, [attack])
        assert result.left_behind == (f"process {sandbox.left[0].pid}",) and not result.ok


def test_auto_takes_docker_where_a_daemon_answers(engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    with closing(open_sandbox(SandboxSettings())) as chosen:
        assert chosen.backend == "docker"
    checks = probe()
    assert [check.ok for check in checks] == [True] * 5 and "cgroup v" in checks[0].detail, checks


def test_a_daemon_whose_containers_do_not_start_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = start_engine(**{"runtimes": {"broken": {"path": "/bin/false"}}, "default-runtime": "broken"})
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    try:
        with closing(open_sandbox(SandboxSettings())) as chosen:
            assert chosen.backend == "docker"
            with pytest.raises(SandboxError, match=r"docker at unix.*fix: .*set `backend: bubblewrap`"):
                list(chosen.judge([new_job(1)]))
        last = probe()[-1]
        assert not last.ok and "bubblewrap" in last.fix and "fix:" not in last.detail
        with closing(docker.DockerClient(base_url=engine.host)) as client:
            assert client.containers.list(all=True) == client.images.list(all=True) == []
    finally:
        engine.close()


@pytest.mark.parametrize("host", ["unix:///nowhere/socket", "tcp://127.0.0.1:9"])
def test_auto_passes_over_a_daemon_that_is_not_there_at_once(
    monkeypatch: pytest.MonkeyPatch, host: str, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    start = time.thread_time()
    with closing(open_sandbox(SandboxSettings())) as chosen:
        assert chosen.backend == "bubblewrap"
    assert time.thread_time() - start < 0.1 and capfd.readouterr() == ("", "")
    with pytest.raises(SandboxError, match=r"docker daemon.*fix: start Docker"):
        open_sandbox(SandboxSettings(backend="docker"))


def test_a_daemon_that_hangs_is_passed_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        assert "no daemon answers" in why_unreachable(f"unix://{tmp_path}/s")
