"""Containers: confined as promised, replaced when they break, and gone afterwards, whoever died."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

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
from judge.problems import Asserts
from judge.protocol import Job, Judged, Limits
from judge.server import ForkServer
from judge.slot import kernel_limits, memory_file
from tests.judge_docker.conftest import new_engine

SLEEPER = "import time\ntime.sleep(2)\ndef f(n): return n"


def _job(n, code="def f(n): return n", **limits):
    return Job(str(n), code, "", "f", Asserts(kind="asserts", asserts=(f"assert f({n}) == {n}",)), Limits(**limits))


@pytest.fixture
def client(engine):
    with closing(docker.DockerClient(base_url=engine.host)) as made:
        yield made


def _of(client, pid=None):
    """Containers and images of one process, by default this one."""
    mine = {"label": f"{LABEL}.pid={pid or os.getpid()}"}
    return client.containers.list(all=True, filters=mine, ignore_removed=True), client.images.list(filters=mine)


def _until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_a_container_is_confined_as_promised(engine, client):
    before = {container.id for container in _of(client)[0]}
    confined = Docker(engine.host).start("candidate", 61234)
    try:
        (new,) = [container for container in _of(client)[0] if container.id not in before]
        config, host = new.attrs["Config"], new.attrs["HostConfig"]
        assert (config["User"], host["NetworkMode"], host["IpcMode"]) == ("61234:61234", "none", "none")
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
        assert host["Memory"] == host["MemorySwap"] == 520 << 20 and host["PidsLimit"] == 512
        assert "no-new-privileges:true" in host["SecurityOpt"] and not any(m["RW"] for m in new.attrs["Mounts"])
        status = Path(f"/proc/{new.attrs['State']['Pid']}/status").read_text()
        seen = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
        assert seen["Uid"].split() == ["61234"] * 4 and seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2"
        profile = json.loads(next(o for o in host["SecurityOpt"] if o.startswith("seccomp=")).removeprefix("seccomp="))
        denied = {name for rule in profile["syscalls"] for name in rule["names"]}
        assert set(seccomp.STATIC) | {"clone3"} <= denied and not {"unshare", "mount", "setns"} & denied
        confined.cgroup.set_limit(300 << 20)
        new.reload()
        assert new.attrs["HostConfig"]["Memory"] == 300 << 20 and new.attrs["HostConfig"]["PidsLimit"] == 512
    finally:
        confined.stop()


def test_a_cgroup_that_is_gone_counts_no_kill(tmp_path):
    (tmp_path / "memory").mkdir()
    group = ContainerCgroup(os.getpid(), 0, lambda limit: None, tmp_path)
    file = tmp_path / "memory/memory.oom_control"
    group._path, group.mode = tmp_path / "memory", "v1"
    file.write_text("oom_kill 3\n")
    assert group.kills() == 3
    file.unlink()
    assert group.kills() == 3


@pytest.mark.parametrize("how", ["removed", "killed"])
def test_a_container_lost_during_a_run_is_replaced(engine, client, how):
    before = {container.id for container in _of(client)[0]}

    def lose():
        def mine():
            return [c for c in _of(client)[0] if c.id not in before and c.labels[LABEL] == "candidate"]

        _until(lambda: mine() and mine()[0].status == "running" and len(_below(mine()[0])) > 2)
        if how == "removed":
            mine()[0].remove(force=True)
        else:
            os.kill(_below(mine()[0])[1], signal.SIGKILL)  # the server itself; the first process only waits for it

    losing = threading.Thread(target=lose)
    losing.start()
    with SlotPool(Docker(engine.host), 1) as judge:
        (row,) = judge.judge([_job(1, SLEEPER)])
    losing.join()
    assert row.verdict == "passed" and row.evidence["retries"] == 1, row


def _below(container):
    container.reload()
    found = [container.attrs["State"]["Pid"]]
    for pid in found:
        try:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            continue
    return found


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the SDK drops dead connections unclosed
def test_a_daemon_that_stops_during_a_run_is_an_error_and_nothing_hangs():
    engine = new_engine()
    try:
        with SlotPool(Docker(engine.host), 1) as judge:
            list(judge.judge([_job(1)]))
            stopping = threading.Timer(0.5, engine.stop)
            stopping.start()
            began = time.monotonic()
            try:
                # A daemon that is told to stop gives containers 10 s; the program's own wall limit is longer.
                (row,) = judge.judge([_job(2, "import time\ntime.sleep(200)\ndef f(n): return n", wall_s=200)])
                assert row.verdict == "infra", row
            except SandboxError as error:
                assert engine.host in str(error)
        stopping.join()
        assert time.monotonic() - began < 60
    finally:
        engine.close()
    gc.collect()


def test_closing_leaves_nothing(engine, client):
    folders = set(Path("/tmp").glob("patchmill-*"))
    before = [{found.id for found in kind} for kind in _of(client)]
    judge = SlotPool(Docker(engine.host), 2)
    assert [row.verdict for row in judge.judge(_job(n) for n in range(6))] == ["passed"] * 6
    during = [{found.id for found in kind} for kind in _of(client)]
    judge.close()
    assert [len(new - old) for new, old in zip(during, before, strict=True)] == [4, 1]
    assert [{found.id for found in kind} for kind in _of(client)] == before
    assert set(Path("/tmp").glob("patchmill-*")) == folders


def test_what_a_dead_owner_left_is_swept_and_the_living_are_not(engine, client, sandbox):
    script = (
        "import sys, time\nfrom judge.backends.docker import Docker\n"
        "Docker(sys.argv[1]).start('candidate', 61300)\nprint('up', flush=True)\ntime.sleep(600)\n"
    )
    command, root = [sys.executable, "-c", script, engine.host], Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as owner:
        assert owner.stdout.readline() == b"up\n"
        owner.kill()
    (left,), images = _of(client, owner.pid)
    _until(lambda: left.reload() or left.status == "exited")  # its control socket is closed: nothing runs on
    list(sandbox.judge([_job(1)]))
    mine = _of(client)
    Docker(engine.host).start("driver", 61302).stop()
    assert len(images) == 1 and _of(client, owner.pid) == ([], [])
    assert {c.id for c in _of(client)[0]} == {c.id for c in mine[0]} and len(_of(client)[1]) == len(mine[1])


PAYLOAD = b'{"code": "import time; time.sleep(60)", "context": "", "main": false}'


def test_a_process_that_survives_in_a_container_is_told(engine):
    server = ForkServer(Docker(engine.host), "candidate", 61234)

    class Survived:
        """Passes its job, and leaves a program that was never ended."""

        backend = "docker"

        def judge(self, jobs):
            ours, wire = socket.socketpair()
            with open("/dev/null", "r+b") as null, ours, wire:
                payload = memory_file(PAYLOAD)
                server.launch(kernel_limits(Limits()), [null.fileno(), null.fileno(), null.fileno(), wire.fileno(), payload])
                os.close(payload)
            self.running = server.wait_start()
            yield Judged(next(iter(jobs)).job_id, "passed", ())

    sandbox = Survived()
    attack = Attack("sum", "honest but awkward", "def add(a, b): return a + b", ("passed",))
    try:
        (row,) = audit(sandbox, [attack])
        assert row.left_behind == (f"process {sandbox.running.pid}",) and not row.ok
        sandbox.running.kill()
        server.wait_end()
        sandbox.running.close()
    finally:
        server.stop()


def test_auto_takes_docker_where_a_daemon_answers(engine, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    with closing(open_sandbox(SandboxSettings())) as chosen:
        assert chosen.backend == "docker"
    checks = probe()
    assert [check.ok for check in checks] == [True] * 4 and "cgroup v" in checks[0].detail, checks


def test_a_daemon_whose_containers_do_not_start_is_told_with_the_way_out(monkeypatch):
    engine = new_engine(**{"runtimes": {"broken": {"path": "/bin/false"}}, "default-runtime": "broken"})
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    try:
        with closing(open_sandbox(SandboxSettings())) as chosen:
            assert chosen.backend == "docker"
            with pytest.raises(SandboxError, match=r"docker at unix.*fix: .*set `backend: bubblewrap`"):
                list(chosen.judge([_job(1)]))
        last = probe()[-1]
        assert not last.ok and "bubblewrap" in last.fix and "fix:" not in last.detail
        client = docker.DockerClient(base_url=engine.host)
        with closing(client):
            assert client.containers.list(all=True) == client.images.list(all=True) == []
    finally:
        engine.close()


@pytest.mark.parametrize("host", ["unix:///nowhere/socket", "tcp://127.0.0.1:9"])
def test_auto_passes_over_a_daemon_that_is_not_there_at_once(monkeypatch, host, capfd):
    monkeypatch.setenv("DOCKER_HOST", host)
    began = time.thread_time()
    with closing(open_sandbox(SandboxSettings())) as chosen:
        assert chosen.backend == "bubblewrap"
    assert time.thread_time() - began < 0.1 and capfd.readouterr() == ("", "")
    with pytest.raises(SandboxError, match=r"docker daemon.*fix: start Docker"):
        open_sandbox(SandboxSettings(backend="docker"))


def test_a_daemon_that_hangs_is_passed_over(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        assert "no daemon answers" in why_unreachable(f"unix://{tmp_path}/s")
