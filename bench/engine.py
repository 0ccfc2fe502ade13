"""Run a Docker daemon in a cgroup of its own, which counts its CPU time."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from judge.backends import docker_image
from judge.backends.docker_daemon import connect, why_unreachable
from judge.errors import SandboxError

CGROUPS = Path("/sys/fs/cgroup")
READY_S, END_S = 60, 30
PATH = "/bench"  # in containers: where `python` is found


class Engine:
    """A dockerd without network, in a folder of its own, whose containers lie below its cgroup.

    Raises:
        SandboxError: dockerd cannot start here.
    """

    def __init__(self) -> None:
        if shutil.which("dockerd") is None or os.geteuid() != 0:
            raise SandboxError(
                "dockerd is not installed, or this user may not start it; "
                "as root: apt-get install --no-install-recommends docker.io"
            )
        self._name = f"bench-{os.getpid()}"
        self._usage = self._make_cgroup()
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.host = f"unix://{self.folder}/socket"
        config = {
            "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False, "hosts": [self.host],
            "data-root": f"{self.folder}/data", "exec-root": f"{self.folder}/exec", "pidfile": f"{self.folder}/pid",
            "cgroup-parent": f"/{self._name}/containers", "exec-opts": ["native.cgroupdriver=cgroupfs"],
        }  # fmt: skip
        (self.folder / "daemon.json").write_text(json.dumps(config))
        command = ["dockerd", "--config-file", f"{self.folder}/daemon.json"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            (self._usage.parent / "daemon/cgroup.procs").write_text(str(self._process.pid))
            self._await()
            self._client = connect(self.host)
            self.image = self._make_image()
        except BaseException:
            self.close()
            raise

    def _make_cgroup(self) -> Path:
        """Make a cgroup (v1 or v2) that counts CPU time and return the file with the count."""
        cpuacct, unified = CGROUPS / "cpuacct" / self._name, CGROUPS / self._name
        has_v2 = (CGROUPS / "cgroup.controllers").exists()
        usage = unified / "cpu.stat" if has_v2 else cpuacct / "cpuacct.usage"
        try:
            (usage.parent / "daemon").mkdir(parents=True)
        except OSError as error:
            raise SandboxError(f"{usage.parent}: no cgroup can be made to count CPU time: {error}") from None
        return usage

    def _await(self) -> None:
        deadline = time.monotonic() + READY_S
        while why := why_unreachable(self.host):
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "log").read_text(errors="replace")[-300:]
                raise SandboxError(f"dockerd does not start here: {why}: {log}")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        """Process id of the daemon."""
        return self._process.pid

    def cpu_s(self) -> float:
        """Return the CPU seconds so far of the daemon, its helpers and all containers, ended ones included."""
        text = self._usage.read_text()
        return int(text.split()[1]) / 1e6 if self._usage.name == "cpu.stat" else int(text) / 1e9

    def count_containers(self) -> int:
        """Count the containers, running or not."""
        return len(self._client.containers.list(all=True))

    def runner_arguments(self) -> dict[str, object]:
        """Return what a runner needs to start containers that hold this machine's interpreter."""
        binds = [str(path) for path in docker_image.interpreter()]
        return {"host": self.host, "image": self.image, "python": docker_image.python(), "binds": binds, "path": PATH}

    def _make_image(self) -> str:
        """Make the judge's empty image with what peers expect besides: `python` on the path, and a user called root."""
        data, passwd = io.BytesIO(), b"root:x:0:0:root:/:/bin/sh\n"
        with tarfile.open(fileobj=data, mode="w") as tar:
            link = tarfile.TarInfo(f"{PATH.lstrip('/')}/python")
            link.type, link.linkname = tarfile.SYMTYPE, docker_image.python()
            tar.addfile(link)
            file = tarfile.TarInfo("etc/passwd")
            file.size = len(passwd)
            tar.addfile(file, io.BytesIO(passwd))
        container = self._client.containers.create(docker_image.make_empty(self._client), ["none"])
        container.put_archive("/", data.getvalue())
        image = str(container.commit().id)
        container.remove()
        return image

    def close(self) -> None:
        """End the daemon with all its containers, and remove its folder and cgroups."""
        if hasattr(self, "_client"):
            self._client.close()
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError, ValueError):  # dockerd ends its containerd, unless it was killed
            os.kill(int((self.folder / "exec/containerd/containerd.pid").read_text()), signal.SIGKILL)
        for line in Path("/proc/mounts").read_text().splitlines():
            if (at := line.split()[1]).startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", at], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for root in (CGROUPS, *CGROUPS.iterdir()):
            for name in ("containers", "daemon", ""):
                with contextlib.suppress(OSError):
                    (root / self._name / name).rmdir()


@contextlib.contextmanager
def run_engine() -> Iterator[Engine]:
    """Start a daemon, yield it, and end it whatever happens."""
    engine = Engine()
    try:
        yield engine
    finally:
        engine.close()
