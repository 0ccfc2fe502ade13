"""The protocol of a backend: it starts confined fork servers, and nothing else."""

from dataclasses import dataclass
from typing import Literal, Protocol

from judge.cgroup import Cgroup

Role = Literal["candidate", "driver", "native"]
"""Runs programs; runs tests; runs both in one process."""


@dataclass(frozen=True)
class SandboxCheck:
    """One need of a sandbox: whether this machine meets it, and what to do where it does not."""

    name: str
    ok: bool
    detail: str
    """The state found on this machine."""
    fix: str = ""


@dataclass(frozen=True)
class Remedy:
    """Why a sandbox does not start, and the command that mends it."""

    cause: str
    fix: str


class Confined(Protocol):
    """One running fork server."""

    control_fd: int
    """The judge's end of its SEQPACKET control socket; closing it ends the server and all it started."""

    @property
    def cgroup(self) -> Cgroup | None:
        """The cgroup that the backend itself put it into; None where the slot has to make one."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids, as this machine sees them, that must be in the slot's cgroup before the first job."""
        ...

    def stop(self) -> str:
        """Kill and reap everything inside; return the end of its stderr, for the error message."""
        ...


class Backend(Protocol):
    """Starts fork servers."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `docker`, as rows keep it."""
        ...

    @property
    def fix(self) -> str:
        """What to do where its fork servers do not start and nothing tells why."""
        ...

    def explain(self, stderr: str) -> Remedy:
        """Say why a fork server that wrote this to stderr did not start, and what to do; the cause may be empty."""
        ...

    def start(self, role: Role, uid: int, seed: int = 0) -> Confined:
        """Start one fork server.

        Args:
            role: which of a slot's servers it is.
            uid: the user that it becomes where the judge runs as root.
            seed: of the hashes of texts; two servers of one seed order their sets alike.

        Raises:
            SandboxError: it cannot be started.
        """
        ...

    def check(self) -> list[SandboxCheck]:
        """Check what this backend needs, for `patchmill doctor`; start nothing that outlives the call."""
        ...
