"""A Docker daemon on this machine: whether it answers, what is ours in it, and its errors under our name."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from judge.errors import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "patchmill"
DEFAULT_HOST = "unix:///var/run/docker.sock"
PING_S = 0.2
CALL_S = 60


def host_of(docker_host: str | None) -> str:
    """The daemon's address: as set, else as the SDK finds it."""
    return docker_host or os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def unreachable(host: str) -> str:
    """Why no daemon of use answers there; empty if one does. Takes at most a fraction of a second."""
    if not host.startswith("unix://"):
        return f"{host} is not a unix socket: only a daemon on this machine can pass descriptors"
    ping = socket.socket(socket.AF_UNIX)
    ping.settimeout(PING_S)
    with ping:
        try:
            ping.connect(host.removeprefix("unix://"))
            ping.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            said = ping.recv(64)
        except OSError as error:
            return f"no daemon answers at {host}: {error.strerror or error}"
    return "" if b" 200 " in said else f"no daemon answers at {host}: it says {said[:40]!r}"


def connect(host: str) -> "DockerClient":
    """A client, to be closed. Raises SandboxError."""
    import docker  # 0.3 s, which nobody pays who has no daemon

    with translated(host):
        return docker.DockerClient(base_url=host, timeout=CALL_S)


@contextlib.contextmanager
def translated(host: str) -> Iterator[None]:
    """Errors of the SDK, and of the connection below it, as SandboxError."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise SandboxError(f"docker at {host}: {error}") from None


def labels(role: str) -> dict[str, str]:
    """Whose a container or image is: its maker's process id, start time, and where such an id means something."""
    pid = os.getpid()
    return {LABEL: role, f"{LABEL}.pid": str(pid), f"{LABEL}.start": _started(pid), f"{LABEL}.home": _home()}


def sweep(client: "DockerClient") -> None:
    """Remove containers and images of owners that are gone. Those of other machines' owners are left alone."""
    from docker.errors import APIError

    ours = {"label": LABEL}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        if _gone(container.labels):
            with contextlib.suppress(APIError):  # another sweeper was faster
                container.remove(force=True, v=True)
    for image in client.images.list(filters=ours):
        if _gone(image.labels):
            with contextlib.suppress(APIError):
                client.images.remove(image.id, force=True)


def _gone(found: dict[str, str]) -> bool:
    home, pid = found.get(f"{LABEL}.home", ""), found.get(f"{LABEL}.pid", "")
    if home.split()[:1] != _home().split()[:1]:
        return True  # before a restart: the socket is this machine's
    return home == _home() and _started(pid) != found.get(f"{LABEL}.start")


def _home() -> str:
    """This boot and pid namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int | str) -> str:
    """Start time in clock ticks since boot; empty where there is no such process, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == b"Z" else fields[19].decode()
