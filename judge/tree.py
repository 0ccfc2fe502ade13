"""Measure a process tree from outside: CPU time, resident memory, processes and threads, private files."""

import os
from dataclasses import dataclass, field

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Tree:
    """The tree below `pid`, the first process of its namespace, which adopts every orphan."""

    pid: int
    floor_bytes: int
    """Resident bytes that a fresh fork shares with its server, counted once and not per process."""
    cpu_s: float = 0.0
    memory_bytes: int = 0
    processes: int = 0
    peak_bytes: int = 0
    peak_processes: int = 0
    full: bool = False
    """The private /tmp was seen without a free byte or inode."""
    _cpu_s_by_pid: dict[int, float] = field(default_factory=dict)
    _live_thread: int = 0
    """A thread of the first process; the newest one, since the first may have ended."""

    def measure(self, memory_limit: int) -> None:
        """Read everything once. Above the limit, memory is counted exactly, each shared page by its share."""
        pids, memory, threads, reaped = self._walk()
        if memory > memory_limit and len(pids) > 1:
            memory = min(memory, sum(map(_read_proportional_bytes, pids)))
        files = self._read_file_bytes()
        self.memory_bytes = memory + files
        self.processes = threads
        # `reaped` has the time of reaped processes; of the others, the last measurement counts.
        self.cpu_s = max(self.cpu_s, reaped, sum(self._cpu_s_by_pid.values()))
        self.peak_bytes = max(self.peak_bytes, self.memory_bytes)
        self.peak_processes = max(self.peak_processes, threads)

    def _walk(self) -> tuple[list[int], int, int, float]:
        """Return process ids, resident bytes, number of threads, and CPU seconds with those of reaped children."""
        pids, memory, threads, reaped = [self.pid], self.floor_bytes, 0, 0.0
        for pid in pids:
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  (read hundreds of times a second)
                    fields = file.read().rpartition(b")")[2].split()
                self._cpu_s_by_pid[pid] = (int(fields[11]) + int(fields[12])) * TICK_S
                reaped += self._cpu_s_by_pid[pid] + (int(fields[13]) + int(fields[14])) * TICK_S
                count = int(fields[17])
                zombie = fields[0] == b"Z"
                tasks = [pid] if count == 1 else list(map(int, os.listdir(f"/proc/{pid}/task")))  # noqa: PTH208
                # Once the first thread has ended, the process shows no memory of its own, but its other threads do.
                pages = int(fields[21]) if not zombie or count == 1 else max(map(_read_pages, tasks[1:]))
                memory += max(0, pages * PAGE - self.floor_bytes)
                threads += count if not zombie or count > 1 else 1
                for task in tasks:
                    with open(f"/proc/{pid}/task/{task}/children", "rb") as file:  # noqa: PTH123
                        pids += map(int, file.read().split())
                if pid == self.pid:
                    self._live_thread = tasks[-1]
            except (OSError, IndexError, ValueError):
                continue  # it ended meanwhile
        return pids, memory, threads, reaped

    def _read_file_bytes(self) -> int:
        try:
            disk = os.statvfs(f"/proc/{self._live_thread or self.pid}/root/tmp")
        except OSError:
            return 0
        if disk.f_bfree == 0 or disk.f_ffree == 0:
            self.full = True
        return (disk.f_blocks - disk.f_bfree) * disk.f_bsize


def _read_pages(task: int) -> int:
    """Return the resident pages of a thread's process."""
    with open(f"/proc/{task}/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1])


def _read_proportional_bytes(pid: int) -> int:
    """Return a process's resident bytes, each shared page divided by the number of processes that share it."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as lines:  # noqa: PTH123
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
