"""One memory cgroup per slot, reused by its jobs: version 1 or 2, or none where this machine allows none."""

import contextlib
import itertools
import os
import time
from pathlib import Path
from typing import Literal

Mode = Literal["v1", "v2", "none"]
ROOT = Path("/sys/fs/cgroup")
PREFIX = "patchmill-"
_NUMBERS = itertools.count()
LIVE: set[Path] = set()
"""Folders of all cgroups that this process's slots use now, for `live_pids`."""


class Cgroup:
    """Limits the resident memory of its processes; counts the kernel's out-of-memory kills, and CPU time."""

    def __init__(self, root: Path = ROOT) -> None:
        self.mode: Mode = "none"
        self._path: Path | None = None
        self._cpu: Path | None = None
        self._fds: dict[str, int] = {}
        self._limit = 0
        for mode, parent in _find_parents(root):
            with contextlib.suppress(OSError):
                _remove_orphans(parent)
                path = parent / f"{PREFIX}{os.getpid()}-{next(_NUMBERS)}"
                path.mkdir(exist_ok=True)
                self._path, self.mode = path, mode
                LIVE.add(path)
                with contextlib.suppress(OSError):
                    self._write_limit(1 << 40)
                    self._open_cpu_counter(root, path.name)
                    return
                self.remove()

    def _open_cpu_counter(self, root: Path, name: str) -> None:
        """Find the file that counts CPU time: in the same cgroup for v2, in one of another hierarchy for v1."""
        assert self._path is not None
        if self.mode == "v2":
            self._cpu = self._path / "cpu.stat"
            return
        with contextlib.suppress(OSError):
            _remove_orphans(root / "cpuacct")
            (root / "cpuacct" / name).mkdir()
            self._cpu = root / "cpuacct" / name / "cpuacct.usage"

    def cpu_s(self) -> float | None:
        """Return the CPU seconds of all processes ever in it, unreaped ones included; None without a counter."""
        text = self._read(self._cpu)
        if text is None:
            return None
        return int(text.split()[1]) / 1e6 if self.mode == "v2" else int(text) / 1e9

    def _read(self, path: Path | None) -> bytes | None:
        """Read a file of the kernel's, which stays open: each is read several times a job."""
        if path is None:
            return None
        try:
            if path.name not in self._fds:
                self._fds[path.name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return os.pread(self._fds[path.name], 4096, 0)
        except OSError:
            return None

    def _file(self, v1: str, v2: str) -> Path:
        assert self._path is not None
        return self._path / (v1 if self.mode == "v1" else v2)

    def _write_limit(self, limit: int) -> None:
        self._file("memory.limit_in_bytes", "memory.max").write_text(str(limit))

    def add(self, pids: tuple[int, ...]) -> None:
        """Move processes in; children that they fork later are in it as well."""
        folders = {folder for folder in (self._path, self._cpu and self._cpu.parent) if folder}
        for folder in folders:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    (folder / "cgroup.procs").write_text(str(pid))

    def set_limit(self, limit: int) -> None:
        """Set the limit in bytes; write only when it changes."""
        if self._path is not None and limit != self._limit:
            self._write_limit(limit)
            self._limit = limit

    def kills(self) -> int:
        """Return how many processes in it the kernel has killed for lack of memory."""
        text = None if self._path is None else self._read(self._file("memory.oom_control", "memory.events"))
        for line in (text or b"").splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.popitem()[1])

    def remove(self) -> None:
        """Remove the folder, once its last process has ended."""
        if self._path is None:
            return
        LIVE.discard(self._path)
        self._close()
        for folder in {self._path, self._cpu.parent if self._cpu else self._path}:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
        self._cpu = None
        self._path, self.mode = None, "none"


def live_pids() -> set[int]:
    """Return the processes in the cgroups of this process's slots, containers included."""
    pids: set[int] = set()
    for path in list(LIVE):  # other threads may start slots meanwhile
        with contextlib.suppress(OSError):
            pids.update(map(int, (path / "cgroup.procs").read_text().split()))
    return pids


def remove_live() -> None:
    """Remove the cgroups of this process's slots, just before it ends; their processes have ended."""
    for path in list(LIVE):
        for folder in (path, ROOT / "cpuacct" / path.name):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _find_parents(root: Path) -> list[tuple[Mode, Path]]:
    """Return the folders in which a cgroup might be made, best first: below this process's own, then at the root."""
    parents: list[tuple[Mode, Path]] = []
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return parents
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" and (root / "cgroup.controllers").exists():
            for folder in (root / path.lstrip("/"), root):
                with contextlib.suppress(OSError):
                    if "memory" in (folder / "cgroup.subtree_control").read_text().split():
                        parents.append(("v2", folder))
        elif "memory" in controllers.split(","):
            parents += [("v1", root / "memory" / path.lstrip("/")), ("v1", root / "memory")]
    return parents


def _remove_orphans(parent: Path) -> None:
    """Remove the cgroups of judges that were killed."""
    for path in parent.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                path.rmdir()
