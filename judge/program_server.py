"""A fork server that runs programs, with the cgroup that they live in and what it takes by itself."""

import os

from judge.backends.base import Backend, Role
from judge.cgroup import Cgroup
from judge.server import ForkServer

MIB = 1 << 20
BARE_MIB = 24  # more than a fork server has resident without preloaded modules


class ProgramServer:
    """One fork server and its cgroup."""

    def __init__(self, backend: Backend, role: Role, uid: int, seed: int) -> None:
        """Start it; raises SandboxError."""
        self.server = ForkServer(backend, role, uid, seed)
        try:
            self.cgroup = self.server.cgroup or Cgroup()
            self.cgroup.add(self.server.pids)
            self._pid = self.server.pids[-1]
            self.floor = _read_resident_bytes(self._pid)
        except BaseException:
            self.server.stop()
            raise
        self.preloaded_mib = max(0, self.floor // MIB - BARE_MIB)
        """Memory of preloaded modules, which no program is charged for."""

    def read_cpu_s(self) -> float | None:
        """Return its own CPU seconds, to the nanosecond, as it has one thread; None where the kernel counts none."""
        try:
            with open(f"/proc/{self._pid}/schedstat", "rb") as file:  # noqa: PTH123
                return int(file.read().split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            return None

    def close(self) -> None:
        """End the server and everything in it."""
        self.server.stop()
        self.cgroup.remove()


def _read_resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
