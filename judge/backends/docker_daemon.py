"""The Docker daemon of this machine: find it, own containers and images in it, name its errors."""

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


def find_host(docker_host: str | None) -> str:
    """Return the daemon's address: as set, else from DOCKER_HOST, else the default socket."""
    return docker_host or os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def why_unreachable(host: str) -> str:
    """Ping the daemon; say why it cannot be used, or return "" if it can. Takes at most a fraction of a second."""
    if not host.startswith("unix://"):
        return f"{host} is not a unix socket: only a daemon on this machine can pass descriptors"
    ping = socket.socket(socket.AF_UNIX)
    ping.settimeout(PING_S)
    with ping:
        try:
            ping.connect(host.removeprefix("unix://"))
            ping.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            answer = ping.recv(64)
        except OSError as error:
            return f"no daemon answers at {host}: {error.strerror or error}"
    return "" if b" 200 " in answer else f"no daemon answers at {host}: it says {answer[:40]!r}"


def connect(host: str) -> "DockerClient":
    """Return a client, which the caller closes. Raises SandboxError."""
    import docker  # takes 0.3 s, which bubblewrap does not need

    with translate_errors(host):
        return docker.DockerClient(base_url=host, timeout=CALL_S)


@contextlib.contextmanager
def translate_errors(host: str) -> Iterator[None]:
    """Raise errors of the SDK, and of the connection below it, as SandboxError."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise SandboxError(f"docker at {host}: {error}") from None


def owner_labels(role: str) -> dict[str, str]:
    """Return labels that name this process as owner: its id, its start time, and the pid namespace of that id."""
    pid = os.getpid()
    return {LABEL: role, f"{LABEL}.pid": str(pid), f"{LABEL}.start": _start_time(pid), f"{LABEL}.home": _home()}


def remove_orphans(client: "DockerClient") -> None:
    """Remove containers and images whose owner has ended; keep those of owners in other pid namespaces."""
    from docker.errors import APIError

    owned = {"label": LABEL}
    for container in client.containers.list(all=True, filters=owned, ignore_removed=True):
        if _owner_ended(container.labels):
            with contextlib.suppress(APIError):  # another process removed it first
                container.remove(force=True, v=True)
    for image in client.images.list(filters=owned):
        if _owner_ended(image.labels):
            with contextlib.suppress(APIError):
                client.images.remove(image.id, force=True)


def _owner_ended(labels: dict[str, str]) -> bool:
    home, pid = labels.get(f"{LABEL}.home", ""), labels.get(f"{LABEL}.pid", "")
    if home.split()[:1] != _home().split()[:1]:
        return True  # from before a restart: the socket is this machine's
    return home == _home() and _start_time(pid) != labels.get(f"{LABEL}.start")


def _home() -> str:
    """Name this boot and this pid namespace: a process id means something only within both."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _start_time(pid: int | str) -> str:
    """Return a process's start in clock ticks since boot; empty where there is none, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == b"Z" else fields[19].decode()
