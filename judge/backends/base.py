"""What a backend is: a way to start one confined fork server, and nothing else."""

from dataclasses import dataclass
from typing import Literal, Protocol

from judge.cgroup import Cgroup

Role = Literal["candidate", "driver"]


@dataclass(frozen=True)
class Check:
    """One line of `doctor`: what was looked at, whether it is well, what was seen, and what to do if it isn't."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


class Confined(Protocol):
    """One running fork server."""

    control_fd: int
    """Our end of its SEQPACKET control socket; closing it ends the server and all it started."""

    @property
    def cgroup(self) -> Cgroup | None:
        """What the backend itself has put it into; None where the slot is to make one."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids, as this machine sees them, that must sit in the slot's cgroup before the first job."""
        ...

    def stop(self) -> str:
        """Kill everything inside and reap it; returns what it wrote to stderr, for the error message."""
        ...


class Backend(Protocol):
    """Starts fork servers."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `docker`, as rows keep it."""
        ...

    @property
    def fix(self) -> str:
        """What to do where its fork servers do not start, for the error message."""
        ...

    def start(self, role: Role, uid: int) -> Confined:
        """Start one fork server; `uid` is who it becomes where we are root. Raises SandboxError."""
        ...

    def check(self) -> list[Check]:
        """What `doctor` shows for this backend; starts nothing that outlives the call."""
        ...
