"""A Docker daemon for the tests alone, without a network, and one sandbox in it for the whole session."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from judge.backends.docker_daemon import why_unreachable
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from tests.judge.running import TIGHT, Run, RunAdd, run_add_by, run_in

READY_S, END_S = 60, 20


class DockerEngine:
    """One dockerd in a folder of its own."""

    def __init__(self, **options: object) -> None:
        """Start it; `options` are further fields of its configuration."""
        self.folder = Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))  # a socket's path may have 107 bytes
        self.host = f"unix://{self.folder}/socket"
        config = {
            "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False, "hosts": [self.host],
            "data-root": f"{self.folder}/data", "exec-root": f"{self.folder}/exec", "pidfile": f"{self.folder}/pid",
            **options,
        }  # fmt: skip
        (self.folder / "daemon.json").write_text(json.dumps(config))
        self.start()

    def start(self) -> None:
        """Start it, also again after `stop`."""
        command = ["dockerd", "--config-file", f"{self.folder}/daemon.json"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + READY_S
        while why_unreachable(self.host):
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_end = (self.folder / "log").read_text()[-500:]
                self.close()
                pytest.skip(f"dockerd does not start here: {log_end}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as a service manager does; its containers end with it."""
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        with contextlib.suppress(OSError, ValueError):  # dockerd ends its containerd, unless it was killed
            os.kill(int((self.folder / "exec/containerd/containerd.pid").read_text()), signal.SIGKILL)
        for line in Path("/proc/mounts").read_text().splitlines():
            if (mount := line.split()[1]).startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_engine(**options: object) -> DockerEngine:
    """Start a daemon; skip the test where this machine has none, or this user may not start one."""
    if shutil.which("dockerd") is None:
        pytest.skip("no dockerd: apt-get install -y --no-install-recommends docker.io")
    if os.geteuid() != 0:
        pytest.skip("dockerd must be started by root")
    return DockerEngine(**options)


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """The session's daemon."""
    with closing(start_engine()) as engine:
        yield engine


@pytest.fixture(scope="session")
def sandbox(engine: DockerEngine) -> Iterator[Sandbox]:
    """A sandbox of two slots in the session's daemon."""
    settings = SandboxSettings(backend="docker", docker_host=engine.host, jobs=2, limits=TIGHT)
    with closing(open_sandbox(settings)) as opened:
        yield opened


@pytest.fixture
def judge(sandbox: Sandbox) -> Run:
    """Judge a program by any tests."""
    return run_in(sandbox)


@pytest.fixture
def add(judge: Run) -> RunAdd:
    """Judge a program for the task `add(a, b)`."""
    return run_add_by(judge)
