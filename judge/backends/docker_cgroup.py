"""The cgroup that Docker makes for a container, used as the slot's own."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from judge.cgroup import LIVE, ROOT, Cgroup, Mode


class ContainerCgroup(Cgroup):
    """Read as files, which any user may; limited through the daemon, which needs no root and limits swap too."""

    def __init__(self, pid: int, limit: int, set_limit: Callable[[int], None], root: Path = ROOT) -> None:
        """
        Args:
            pid: the container's first process.
            limit: bytes of memory that the container was started with.
            set_limit: asks the daemon for another limit.
            root: where the cgroup file system is mounted.
        """
        self.mode, self._path, self._cpu = _find_cgroup(pid, root)
        self._fds = {}
        self._limit, self._set_limit = limit, set_limit
        self._kills = 0
        if self._path is not None:
            LIVE.add(self._path)

    def _write_limit(self, limit: int) -> None:
        self._set_limit(limit)

    def add(self, pids: tuple[int, ...]) -> None:
        """Do nothing: a container's processes are in it from the start."""

    def kills(self) -> int:
        """See Cgroup.kills; once the container is gone, return the last number, so that its end counts as no kill."""
        self._kills = max(self._kills, super().kills())
        return self._kills

    def remove(self) -> None:
        """Stop reading it; the daemon removes it with the container."""
        if self._path is not None:
            LIVE.discard(self._path)
        self._close()
        self._cpu = None
        self._path, self.mode = None, "none"


def _find_cgroup(pid: int, root: Path) -> tuple[Mode, Path | None, Path | None]:
    """Return the version of a process's memory cgroup, its folder, and the file that counts its CPU time."""
    paths: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            paths |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
    if "memory" in paths and (memory := root / "memory" / paths["memory"]).is_dir():
        cpu = root / "cpuacct" / paths.get("cpuacct", "") / "cpuacct.usage"
        return "v1", memory, cpu if "cpuacct" in paths and cpu.exists() else None
    if "" in paths and (unified := root / paths[""]) != root and (unified / "memory.events").exists():
        return "v2", unified, unified / "cpu.stat"
    return "none", None, None
