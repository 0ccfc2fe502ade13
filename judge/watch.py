"""Watch one run from outside: its pipes, its clocks, its limits."""

import contextlib
import os
import select
import time
from collections.abc import Callable

from judge.cgroup import Cgroup
from judge.compare import OutputComparison
from judge.outcome import Outcome, Stop, parse_record
from judge.protocol import Limits
from judge.server import RunningJob
from judge.tree import Tree

MIB = 1 << 20
INTERVALS_S = (0.01, 0.02)  # between two measurements of the tree: at first, later
SHORT_INTERVALS = 11
GRACE_S = 5.0  # for the driver to report, once the candidate has ended
SERVER_CPU_S = 0.1  # more than a fork server ever uses for one job; assumed where the kernel does not measure it
RESULTS_BYTES = 16 * MIB
TAIL_BYTES = 8192  # of an output that is compared while it comes


class RunWatch:
    """The clocks and the pipes of one run; `tree` must be set before `run`."""

    tree: Tree

    def __init__(
        self, limits: Limits, out: int, err: int, cgroup: Cgroup, server_cpu_s: Callable[[], float | None]
    ) -> None:
        self.limits, self.out, self.err = limits, out, err
        self._server_cpu_s, self._server_before = server_cpu_s, server_cpu_s()
        self._cgroup, self._cpu_before, self._kills_before = cgroup, cgroup.cpu_s(), cgroup.kills()
        self.results: int | None = None
        self.stdout, self.stderr = bytearray(), bytearray()
        self.comparison: OutputComparison | None = None
        """Where there is one, it takes the output as it comes, and `stdout` holds the end of it."""
        self.nonce: str | None = None
        """Where there is one, records without it come from the program, and do not count."""
        self._out_bytes = 0
        self.ended_itself = False
        """The candidate ended by itself."""
        self._lines = bytearray()
        self.outcome = Outcome()
        self._start = time.monotonic()

    def run(self, candidate: RunningJob, driver: RunningJob | None) -> Outcome:
        """Watch until the driver closes its results, or a program without one ends; end both where a limit is exceeded.

        Return the facts so far: streams and records are complete only after `drain`.
        """
        poll = select.poll()
        fds = [self.out, self.err, candidate.pidfd] + ([] if self.results is None else [self.results])
        for fd in fds:
            poll.register(fd, select.POLLIN)
        deadline, measurements = self._start + self.limits.wall_s, 0
        next_measurement = self._start + INTERVALS_S[0]
        over = False
        while not over:
            ready = dict(poll.poll(max(0.0, min(next_measurement, deadline) - time.monotonic()) * 1000 + 0.5))
            for fd in ready:
                if fd in (self.out, self.err, self.results):
                    if not self._read(fd):
                        poll.unregister(fd)
                        over = over or fd == self.results
                elif fd == candidate.pidfd and not self.ended_itself:
                    self.ended_itself = self.outcome.stop is None
                    poll.unregister(fd)
                    # The driver learns of it at once; if it goes on, it still works on the last answer.
                    deadline = min(deadline, time.monotonic() + self.limits.cpu_s + GRACE_S)
                    over = over or driver is None
            now = time.monotonic()
            if over or now >= next_measurement:
                self._check_limits()
                measurements += 1
                next_measurement = now + INTERVALS_S[measurements >= SHORT_INTERVALS]
            if now >= deadline and not over:
                if self.outcome.stop is None and not self.ended_itself:
                    self._stop("timeout", f"more than {self.limits.wall_s:g} s of wall time")
                elif driver is not None:
                    driver.kill()
                    break
            if self.outcome.stop is not None and not over:
                candidate.kill()
                deadline = min(deadline if now < deadline else now + GRACE_S, now + GRACE_S)
        self.outcome.wall_s = time.monotonic() - self._start
        self.outcome.peak_processes = self.tree.peak_processes
        return self.outcome

    def _stop(self, kind: Stop, why: str) -> None:
        if self.outcome.stop is None:
            self.outcome.stop, self.outcome.why = kind, why

    def _check_limits(self) -> None:
        limits = self.limits
        self.tree.measure(limits.memory_mib * MIB)
        # The kernel may kill children between two measurements, and leave the rest below the limit.
        if self.tree.memory_bytes > limits.memory_mib * MIB or self.out_of_memory():
            self._stop("memory", f"more than {limits.memory_mib} MiB of memory")
        if self.tree.peak_processes > limits.processes:
            self._stop("processes", f"more than {limits.processes} processes and threads")
        if max(self.tree.cpu_s, self.unseen_cpu_s()) > limits.cpu_s:
            self._stop("timeout", f"more than {limits.cpu_s:g} s of CPU time")
        if self.tree.full:
            self._stop("files", f"more than {limits.files_mib} MiB or {limits.inodes} files in /tmp")

    def out_of_memory(self) -> bool:
        """Return whether the kernel has killed a process in the slot's cgroup for lack of memory during this run."""
        return self._cgroup.kills() > self._kills_before

    def unseen_cpu_s(self) -> float:
        """Return the CPU seconds in the slot's cgroup during this run, without the fork server's; 0 without a counter.

        They include those of children that were never waited for, however short they lived.
        """
        now = self._cgroup.cpu_s()
        server = self._server_cpu_s()  # read last here, first above: so too much is subtracted, never too little
        if now is None or self._cpu_before is None:
            return 0.0
        server_share = SERVER_CPU_S if server is None or self._server_before is None else server - self._server_before
        return now - self._cpu_before - server_share

    def _read(self, fd: int) -> bool:
        """Read once from a pipe; return False at its end."""
        data = os.read(fd, 1 << 16)
        if fd == self.results:
            if len(self._lines) < RESULTS_BYTES:
                self._lines += data
        else:
            expected = self.comparison.expected_size if self.comparison else 0
            most = self.limits.output_kib * 1024 + expected
            (self.stdout if fd == self.out else self.stderr).extend(data)
            self._out_bytes += len(data)
            if self._out_bytes > most:
                self._stop("output", f"more than {most // 1024} KiB of output")
                del self.stdout[most:], self.stderr[most:]
            elif self.comparison is not None and fd == self.out:
                self.comparison.feed(data)
                del self.stdout[:-TAIL_BYTES]
        return bool(data)

    def drain(self) -> None:
        """Read the rest of the pipes, once every writer has ended, and parse the driver's records."""
        for fd in (self.out, self.err, self.results):
            if fd is not None:
                os.set_blocking(fd, False)
                with contextlib.suppress(BlockingIOError):
                    while self._read(fd):
                        continue
        for line in self._lines.splitlines():
            record = parse_record(line)
            if record is not None and (self.nonce is None or record.get("nonce") == self.nonce):
                self.outcome.records.append(record)
