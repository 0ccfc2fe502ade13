"""The cgroup that Docker has made for a container, used as the slot's own."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from judge.cgroup import LIVE, ROOT, Cgroup, Mode


class ContainerCgroup(Cgroup):
    """Read as files, which anyone may; bounded through the daemon, which needs no root and minds swap too."""

    def __init__(self, pid: int, limit: int, bound: Callable[[int], None], root: Path = ROOT) -> None:
        """`limit`: bytes that the container was started with; `bound` has the daemon set others."""
        self.mode, self._path, self._cpu = _of(pid, root)
        self._fds = {}
        self._limit, self._bound = limit, bound
        self._kills = 0
        if self._path is not None:
            LIVE.add(self._path)

    def _set(self, limit: int) -> None:
        self._bound(limit)

    def add(self, pids: tuple[int, ...]) -> None:
        """They are in it since they began."""

    def kills(self) -> int:
        """See Cgroup.kills; the last number known once the container is gone, so that its end is no kill."""
        self._kills = max(self._kills, super().kills())
        return self._kills

    def remove(self) -> None:
        """The daemon removes it with the container."""
        if self._path is not None:
            LIVE.discard(self._path)
        self._close()
        self._cpu = None
        self._path, self.mode = None, "none"


def _of(pid: int, root: Path) -> tuple[Mode, Path | None, Path | None]:
    """How memory is counted for a process, in which folder, and the file that counts its CPU time."""
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
