"""A fork server in a Docker container of its own: one per slot and role, alive as long as the slot."""

import contextlib
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.backends import docker_image, host
from judge.backends.base import Confined, Remedy, Role, SandboxCheck
from judge.backends.docker_cgroup import ContainerCgroup
from judge.backends.docker_daemon import (
    connect,
    find_host,
    owner_labels,
    remove_orphans,
    translate_errors,
    why_unreachable,
)
from judge.backends.docker_image import INSIDE, JUDGE
from judge.backends.docker_seccomp import profile
from judge.backends.packages import TARGET, Packages
from judge.errors import SandboxError
from judge.protocol import Limits
from judge.server import ServerGoneError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

DAEMON_FIX = "start Docker (`docker info` must answer), name its socket in `docker_host`, or set `backend: bubblewrap`"
START = (
    f"import sys; sys.path.insert(0, {JUDGE!r}); from inside.contained import start; "
    f"start({{role!r}}, '{JUDGE}/control/socket', {{uid}})"
)
CONNECT_S, LOOK_S, GONE_S = 60.0, 0.2, 10.0
SHARED = "shared"
MIB = 1 << 20
ABOVE_MIB = 64  # the fork server itself
DRIVER_MIB = 2048 + ABOVE_MIB
PRELOAD_MIB = 1024  # for preloaded modules, until the slot knows how much they need
FEWEST_PROCESSES = 512


def _listen(folder: Path) -> socket.socket:
    """Open a control socket in the part of `folder` that a container sees."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    shared = folder / SHARED
    shared.mkdir(mode=0o755)
    listening.bind(str(shared / "socket"))
    (shared / "socket").chmod(0o666)  # the fork server connects as another user
    listening.listen(1)
    listening.settimeout(LOOK_S)
    return listening


class _ContainerServer:
    """One running container with its fork server; see Confined."""

    def __init__(self, docker: "Docker", container: "Container", control: socket.socket, limit: int) -> None:
        self._docker, self._container, self._control = docker, container, control
        self.control_fd = control.fileno()
        self._pid = int.from_bytes(control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), "little")
        if not self._pid:
            raise SandboxError(
                "docker: the daemon runs its containers on another machine, where the judge cannot see their processes",
                fix="use `backend: bubblewrap`",
            )
        self._pidfd = os.pidfd_open(self._pid)
        self.cgroup = ContainerCgroup(self._pid, limit, self._set_memory_limit)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the container's first process and of everything it has forked by now."""
        pids = [self._pid]
        for pid in pids:
            with contextlib.suppress(OSError):
                pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return tuple(pids)

    def _set_memory_limit(self, limit: int) -> None:
        try:
            with translate_errors(self._docker.host):
                self._container.update(mem_limit=limit, memswap_limit=limit)
        except SandboxError as error:
            raise ServerGoneError(str(error)) from None

    def stop(self) -> str:
        """See Confined.stop."""
        # Needs no daemon, which may be dead: the first process takes all others with it.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._control.close()
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.poll(GONE_S * 1000)
        os.close(self._pidfd)
        self.cgroup.remove()
        return self._docker.discard(self._container)


class Docker:
    """Backend over the daemon of this machine, rootful or not; no image from a registry is needed."""

    name = "docker"
    _fix = "`docker run` must work here, in containers that may make user namespaces; else set `backend: bubblewrap`"

    def __init__(
        self,
        host: str | None = None,
        image: str | None = None,
        limits: Limits | None = None,
        packages: Packages | None = None,
    ) -> None:
        """
        Args:
            host: the daemon's unix socket; None for the SDK's environment.
            image: has Python 3.11 or newer as python3; None for an empty one with this interpreter bound in.
            limits: those of most jobs; containers start with them, other memory limits cost a call to the daemon.
            packages: bound into every container; for a named image, made for its Python.
        """
        self.host = find_host(host)
        self._image_fix = f"docker pull {image}, or patchmill sandbox build --tag {image}"
        self._named, self._limits = image, limits or Limits.model_validate({})
        self._packages = packages or Packages()
        self._lock = threading.Lock()
        self._client: DockerClient | None = None
        self._image: str | None = None
        self._containers = 0

    @property
    def fix(self) -> str:
        """See Backend.fix."""
        return self._packages.fix(self._fix)

    def explain(self, stderr: str) -> Remedy:
        """See Backend.explain."""
        return host.explain(stderr, host.read_facts()) or Remedy("", self.fix)

    def start(self, role: Role, uid: int, seed: int = 0) -> Confined:
        """See Backend.start."""
        limit = (self._limits.memory_mib + 8 if role != "driver" else DRIVER_MIB) * MIB
        limit += PRELOAD_MIB * MIB if self._packages.preload else 0
        client, image = self._enter()
        container = control = None
        try:
            # Other users may not even list the folder; the container sees only the folder inside it.
            with (
                tempfile.TemporaryDirectory(prefix="patchmill-") as folder,
                _listen(Path(folder)) as listening,
                translate_errors(self.host),
            ):
                container = client.containers.create(
                    image, **self._options(role, uid, Path(folder, SHARED), limit, seed)
                )
                container.start()
                control = self._accept(listening, container)
            return _ContainerServer(self, container, control, limit)
        except BaseException as error:
            if control is not None:
                control.close()
            stderr = self.discard(container)
            if isinstance(error, SandboxError):
                remedy = self.explain(stderr)
                reasons = ": ".join(filter(None, (error.problem, remedy.cause, stderr.strip())))
                raise SandboxError(reasons, fix=error.fix or remedy.fix) from None
            raise

    def _accept(self, listening: socket.socket, container: "Container") -> socket.socket:
        deadline = time.monotonic() + CONNECT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                return listening.accept()[0]
            container.reload()
            if container.status not in ("created", "running"):
                break
        raise SandboxError(f"docker: the container did not start ({container.status})")

    def _options(self, role: Role, uid: int, control: Path, limit: int, seed: int) -> dict[str, Any]:
        from docker.types import LogConfig, Mount

        # An ordinary user can look only at processes of its own.
        user, group = (uid, uid) if os.geteuid() == 0 else (os.getuid(), os.getgid())
        python, bound = "python3", {str(INSIDE): f"{JUDGE}/inside", str(control): f"{JUDGE}/control"}
        if self._named is None:
            python = docker_image.python()
            bound |= {str(path): str(path) for path in docker_image.interpreter()}
        if self._packages.folder is not None:
            bound[str(self._packages.folder)] = TARGET
        return {
            "entrypoint": [python, "-S", "-s", "-P", "-B", "-c", START.format(role=role, uid=user)],
            "command": self._packages.argument(),
            "working_dir": "/",
            "user": f"{user}:{group}",
            "environment": {"PYTHONHASHSEED": str(seed)},
            "labels": owner_labels(role),
            "hostname": "judge",
            "mounts": [Mount(target, source, "bind", read_only=True) for source, target in bound.items()],
            "tmpfs": {"/tmp": "ro,size=4k,mode=1777"},  # noqa: S108  (each job mounts its own over it)
            "read_only": True,
            "network_mode": "none",
            "dns": ["127.0.0.1"],  # else the container gets the file that names this machine's
            "dns_search": ["."],
            "ipc_mode": "none",  # else a /dev/shm that all jobs share
            "userns_mode": "host",  # a daemon that renumbers users would keep the judge from looking at its processes
            "mem_limit": limit,
            "memswap_limit": limit,
            "pids_limit": max(FEWEST_PROCESSES, self._limits.processes + 64),
            "cap_drop": ["ALL"],
            # AppArmor's and SELinux's defaults for Docker forbid every mount, and reading what is bound in.
            "security_opt": [
                "no-new-privileges:true", f"seccomp={profile()}", "apparmor=unconfined", "label=disable",
            ],
            "log_config": LogConfig(type="json-file", config={"max-size": "64k", "max-file": "1"}),
            "healthcheck": {"test": ["NONE"]},
            "restart_policy": {"Name": "no"},
        }  # fmt: skip

    def _enter(self) -> "tuple[DockerClient, str]":
        """Return the client and the image, made for the first container; each call needs one of `discard` later."""
        with self._lock:
            if self._client is None:
                client = connect(self.host)
                try:
                    with translate_errors(self.host):
                        remove_orphans(client)
                        self._image = self._find_named_image(client) or docker_image.make_empty(client)
                except BaseException:
                    client.close()
                    raise
                self._client = client
            assert self._image is not None
            self._containers += 1
            return self._client, self._image

    def _find_named_image(self, client: "DockerClient") -> str | None:
        from docker.errors import ImageNotFound

        if self._named is None:
            return None
        try:
            return str(client.images.get(self._named).id)
        except ImageNotFound:
            raise SandboxError(f"docker: no image {self._named!r} here", fix=self._image_fix) from None

    def discard(self, container: "Container | None") -> str:
        """Remove a container, and with the last one the image; return its stderr. A dead daemon is no error."""
        stderr = ""
        if container is not None:
            with contextlib.suppress(SandboxError), translate_errors(self.host):
                stderr = container.logs(stdout=False, tail=50).decode("utf-8", "replace")[-2000:]
            with contextlib.suppress(SandboxError), translate_errors(self.host):
                container.remove(force=True, v=True)
        with self._lock:
            self._containers -= 1
            if self._containers == 0 and self._client is not None:
                client, self._client = self._client, None
                with contextlib.closing(client), contextlib.suppress(SandboxError), translate_errors(self.host):
                    if self._named is None:
                        client.images.remove(self._image, force=True)
        return stderr

    def check(self) -> list[SandboxCheck]:
        """See Backend.check."""
        why = why_unreachable(self.host)
        if why:
            return [SandboxCheck("docker daemon", False, why, DAEMON_FIX)]
        client = connect(self.host)
        with contextlib.closing(client), translate_errors(self.host):
            info = client.info()
            cgroup = f"cgroup v{info.get('CgroupVersion', '1')}"
            detail = f"{self.host}: {info['ServerVersion']}, {cgroup}, {info['DefaultRuntime']}"
            checks = [SandboxCheck("docker daemon", True, detail)]
            try:
                image = self._find_named_image(client)
                checks.append(SandboxCheck("docker image", True, image or "an empty one, made at start"))
            except SandboxError as error:
                checks.append(SandboxCheck("docker image", False, error.problem, self._image_fix))
        if self._named is None:
            needed = host.list_needed(Path(sys.base_prefix).resolve(), Path(docker_image.python()), INSIDE)
            checks.append(host.check_readable(needed))
        return checks
