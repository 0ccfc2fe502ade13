"""What one run of a program came to, before it is a verdict."""

from dataclasses import dataclass, field
from typing import Any, Literal

SIGKILL, SIGSYS = 9, 31  # the filter turns a program's SIGKILL to itself into SIGSYS (inside/seccomp.py)
Stop = Literal["timeout", "memory", "output", "processes", "files"]


@dataclass
class Outcome:
    """Facts of one run, all seen from outside the candidate except `records` (driver) and `report` (candidate)."""

    stop: Stop | None = None
    """Limit that was passed, if one was."""
    why: str = ""
    """The limit in words, for people."""
    status: int | None = None
    """wait4 status of the candidate's first process, if it ended by itself; None if we ended it."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    peak_processes: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    records: list[dict[str, Any]] = field(default_factory=list)
    """What the driver reported, in order."""
    report: list[Any] | None = None
    """What a whole program says it raised: [type, message, line, errno]."""
    driver_died: str = ""
    """Why the driver did not finish; empty if it did."""

    @property
    def signal(self) -> int | None:
        """Signal that ended the candidate; None if it ended otherwise or we ended it."""
        signal = self.status & 0x7F if self.status is not None else 0
        return SIGKILL if signal == SIGSYS else signal or None

    @property
    def ending(self) -> str:
        """How the candidate ended by itself, in words."""
        if self.status is None:
            return "the program closed its connection"
        if self.signal:
            return f"the program was ended by signal {self.signal}"
        return f"the program ended with exit code {self.status >> 8}"
