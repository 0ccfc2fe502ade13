"""A Docker daemon of the tests' own, without network set-up, and one judge over it for the whole session."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judge.backends.docker_daemon import why_unreachable
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Judged, Limits, Sandbox

TIGHT = {"cpu_s": 1.0, "wall_s": 4.0, "memory_mib": 128, "processes": 16, "files_mib": 8, "inodes": 64}
READY_S, END_S = 60, 20
Run = Callable[..., Judged]


class Engine:
    """One dockerd in a folder of its own."""

    def __init__(self, **more: object) -> None:
        """`more`: of the daemon's configuration."""
        self.folder = Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))  # a socket's path may have 107 bytes
        self.host = f"unix://{self.folder}/socket"
        config = {
            "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False, "hosts": [self.host],
            "data-root": f"{self.folder}/data", "exec-root": f"{self.folder}/exec", "pidfile": f"{self.folder}/pid",
            **more,
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
                said = (self.folder / "log").read_text()[-500:]
                self.close()
                pytest.skip(f"dockerd does not start here: {said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """As a service manager does; its containers end with it."""
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        self.stop()
        with contextlib.suppress(OSError, ValueError):  # dockerd ends its containerd, unless it was killed
            os.kill(int((self.folder / "exec/containerd/containerd.pid").read_text()), signal.SIGKILL)
        for line in Path("/proc/mounts").read_text().splitlines():
            if (at := line.split()[1]).startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", at], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def new_engine(**more: object) -> Engine:
    if shutil.which("dockerd") is None:
        pytest.skip("no dockerd: apt-get install -y --no-install-recommends docker.io")
    if os.geteuid() != 0:
        pytest.skip("dockerd must be started by root")
    return Engine(**more)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    started = new_engine()
    yield started
    started.close()


@pytest.fixture(scope="session")
def sandbox(engine: Engine) -> Iterator[Sandbox]:
    limits = Limits.model_validate(TIGHT)
    opened = open_sandbox(SandboxSettings(backend="docker", docker_host=engine.host, jobs=2, limits=limits))
    yield opened
    opened.close()


@pytest.fixture
def judge(sandbox: Sandbox) -> Run:
    """judge(code, tests) -> Judged; `tests` is a tests model, or assert statements; limits by name."""

    def run(code: str, *tests: object, entry: str | None = None, **limits: object) -> Judged:
        model = Asserts(kind="asserts", asserts=tests) if isinstance(tests[0], str) else tests[0]
        (row,) = sandbox.judge([Job("job", code, "", entry, model, Limits(**{**TIGHT, **limits}))])
        return row

    return run


@pytest.fixture
def add(judge: Run) -> Run:
    """Judge a program for the task `add(a, b)`."""
    return lambda code, **limits: judge(code, "assert add(1, 2) == 3", "assert add(-4, 9) == 5", entry="add", **limits)
