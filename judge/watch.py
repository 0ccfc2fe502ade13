"""The loop that watches one run from outside: its pipes, its clocks, its limits."""

import contextlib
import json
import os
import select
import time
from collections.abc import Callable

from judge.cgroup import Cgroup
from judge.outcome import Outcome, Stop
from judge.protocol import Limits
from judge.server import Running
from judge.tree import Tree

MIB = 1 << 20
LOOKS_S = (0.01, 0.02)  # between two looks at the tree: at first, later
GRACE_S = 5.0  # for the driver to report, once the candidate is ended
SERVER_CPU_S = 0.1  # more than a fork server ever uses for one job; where the kernel does not say how much it was
RESULTS_BYTES = 16 * MIB


class Watch:
    """The clocks and the pipes of one run."""

    tree: Tree

    def __init__(
        self, limits: Limits, out: int, err: int, cgroup: Cgroup, server_cpu_s: Callable[[], float | None]
    ) -> None:
        self.limits, self.out, self.err = limits, out, err
        self._server_cpu_s, self._server_before = server_cpu_s, server_cpu_s()
        self._cgroup, self._cpu_before, self._kills_before = cgroup, cgroup.cpu_s(), cgroup.kills()
        self.results: int | None = None
        self.stdout, self.stderr = bytearray(), bytearray()
        self.left = False
        """Whether the candidate ended by itself."""
        self._lines = bytearray()
        self.outcome = Outcome()
        self._began = time.monotonic()

    def run(self, candidate: Running, driver: Running | None) -> Outcome:
        """Watch until the driver has closed its results, or the whole program has ended, or either has been ended."""
        poll = select.poll()
        fds = [self.out, self.err, candidate.pidfd] + ([] if self.results is None else [self.results])
        for fd in fds:
            poll.register(fd, select.POLLIN)
        deadline, looks, next_look = self._began + self.limits.wall_s, 0, self._began + LOOKS_S[0]
        over = False
        while not over:
            ready = dict(poll.poll(max(0.0, min(next_look, deadline) - time.monotonic()) * 1000 + 0.5))
            for fd in ready:
                if fd in (self.out, self.err, self.results):
                    if not self._take(fd):
                        poll.unregister(fd)
                        over = over or fd == self.results
                elif fd == candidate.pidfd and not self.left:
                    self.left = self.outcome.stop is None
                    poll.unregister(fd)
                    # The driver learns of it at once; if it goes on, it is still at work on the last answer.
                    deadline = min(deadline, time.monotonic() + self.limits.cpu_s + GRACE_S)
                    over = over or driver is None
            now = time.monotonic()
            if over or now >= next_look:
                self._look()
                looks += 1
                next_look = now + LOOKS_S[looks > 10]
            if now >= deadline and not over:
                if self.outcome.stop is None and not self.left:
                    self._stop("timeout", f"more than {self.limits.wall_s:g} s of wall time")
                elif driver is not None:
                    driver.kill()
                    break
            if self.outcome.stop is not None and not over:
                candidate.kill()
                deadline = min(deadline if now < deadline else now + GRACE_S, now + GRACE_S)
        self.outcome.wall_s = time.monotonic() - self._began
        self.outcome.peak_processes = self.tree.peak_processes
        return self.outcome

    def _stop(self, kind: Stop, why: str) -> None:
        if self.outcome.stop is None:
            self.outcome.stop, self.outcome.why = kind, why

    def _look(self) -> None:
        limits = self.limits
        self.tree.look(limits.memory_mib * MIB)
        # The kernel may kill children between two looks, and leave the rest below the limit.
        if self.tree.memory_bytes > limits.memory_mib * MIB or self.killed():
            self._stop("memory", f"more than {limits.memory_mib} MiB of memory")
        if self.tree.peak_processes > limits.processes:
            self._stop("processes", f"more than {limits.processes} processes and threads")
        if max(self.tree.cpu_s, self.unseen_cpu_s()) > limits.cpu_s:
            self._stop("timeout", f"more than {limits.cpu_s:g} s of CPU time")
        if self.tree.full:
            self._stop("files", f"more than {limits.files_mib} MiB or {limits.inodes} files in /tmp")

    def killed(self) -> bool:
        """Whether the kernel has killed something in the slot's cgroup for want of memory since the run began."""
        return self._cgroup.kills() > self._kills_before

    def unseen_cpu_s(self) -> float:
        """CPU seconds in the slot's cgroup since the run began, but for the fork server's; 0 where none are counted.

        They hold what children used that nobody waited for, however short they lived.
        """
        now = self._cgroup.cpu_s()
        server = self._server_cpu_s()  # read last here, first above: too much is left out, never too little
        if now is None or self._cpu_before is None:
            return 0.0
        own = SERVER_CPU_S if server is None or self._server_before is None else server - self._server_before
        return now - self._cpu_before - own

    def _take(self, fd: int) -> bool:
        """Read what is there; False at the end of the pipe."""
        data = os.read(fd, 1 << 16)
        if fd == self.results:
            if len(self._lines) < RESULTS_BYTES:
                self._lines += data
        else:
            (self.stdout if fd == self.out else self.stderr).extend(data)
            most = self.limits.output_kib * 1024
            if len(self.stdout) + len(self.stderr) > most:
                self._stop("output", f"more than {self.limits.output_kib} KiB of output")
                del self.stdout[most:], self.stderr[most:]
        return bool(data)

    def drain(self) -> None:
        """What still lies in the pipes, now that nobody writes any more."""
        for fd in (self.out, self.err, self.results):
            if fd is not None:
                os.set_blocking(fd, False)
                with contextlib.suppress(BlockingIOError):
                    while self._take(fd):
                        continue
        for line in self._lines.splitlines():
            with contextlib.suppress(ValueError):
                self.outcome.records.append(json.loads(line))
