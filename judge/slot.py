"""One slot: a pair of fork servers and a cgroup, and the loop that watches one run from outside."""

import contextlib
import fcntl
import json
import os
import socket
from typing import Any

from judge.backends.base import Backend
from judge.cgroup import Cgroup
from judge.driving import Driving
from judge.outcome import Outcome
from judge.protocol import Limits
from judge.server import ForkServer, Running, ServerGoneError
from judge.tree import Tree
from judge.watch import Watch

FIRST_UID = 61184  # the range that no distribution gives to people or services
MIB = 1 << 20
BARE_MIB = 24  # more than a fork server has resident that has imported nothing but its own
REPORT_BYTES = 8192
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK


def memory_file(data: bytes) -> int:
    """A descriptor that reads `data` from its start, and that nobody can write to any more."""
    fd = os.memfd_create("payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        at = 0
        while at < len(data):
            at += os.write(fd, data[at:] if at else data)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        os.lseek(fd, 0, os.SEEK_SET)
    except BaseException:
        os.close(fd)
        raise
    return fd


class Slot:
    """Runs one program at a time; made anew after any ServerGoneError."""

    def __init__(self, backend: Backend, number: int) -> None:
        self.number = number
        self.broken = False
        """Whether the slot must be made anew although its last run came to a verdict."""
        self._candidates = self._drivers = self._driving = None
        try:
            self._candidates = ForkServer(backend, "candidate", FIRST_UID + 2 * number)
            self._drivers = ForkServer(backend, "driver", FIRST_UID + 2 * number + 1)
        finally:
            if self._drivers is None:
                self.close()
        assert self._candidates is not None
        self._driving = Driving(self._drivers)
        self._cgroup = self._candidates.cgroup or Cgroup()
        self._cgroup.add(self._candidates.pids)
        self._server = self._candidates.pids[-1]
        self._floor = _resident(self._server)
        self._preloaded_mib = max(0, self._floor // MIB - BARE_MIB)

    @property
    def cgroup(self) -> str:
        """`v1`, `v2` or `none`."""
        return self._cgroup.mode

    def close(self) -> None:
        """End both servers and everything in them."""
        if self._driving is not None:
            self._driving.end()
        for server in (self._candidates, self._drivers):
            if server is not None:
                server.stop()
        if hasattr(self, "_cgroup"):
            self._cgroup.remove()

    def run(
        self,
        program: dict[str, Any],
        limits: Limits,
        tests: dict[str, Any] | None,
        stdin: bytes = b"",
        together: bool = False,
    ) -> Outcome:
        """Run one program to its end.

        Args:
            program: what candidate.py takes: code, context, main.
            tests: what driver.py takes, or None for a whole program on stdin and stdout.
            together: whether the tests run in the program's own process.

        Raises:
            ServerGoneError: the slot is broken; close it.
        """
        assert self._candidates is not None and self._driving is not None
        self._cgroup.bound((limits.memory_mib + 8 + self._preloaded_mib) * MIB)
        with contextlib.ExitStack() as stack:
            ours, theirs = (_kept(stack, s) for s in socket.socketpair())
            out, out_in = _pipe(stack)
            err, err_in = _pipe(stack)
            # `ours` stays open here till the end, or the candidate would leave as soon as the driver has done with it.
            given = {**program, "tests": tests} if together else program
            payload = _fd(stack, memory_file(json.dumps(given).encode()))
            # Of its own, also where it is empty: flags set on an open file stay for the next who is given it.
            source = _fd(stack, memory_file(stdin) if stdin else os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            results, results_in = _pipe(stack)
            wire = results_in.fd if together else theirs.fileno()
            self._candidates.launch(_hard(limits), [source, out_in.fd, err_in.fd, wire, payload])
            more = _more(limits, self._preloaded_mib)
            watch, driver = Watch(more, out, err, self._cgroup, lambda: _cpu_s(self._server)), None
            if tests is not None:
                watch.results = results
                if not together:
                    questions = _fd(stack, memory_file(json.dumps(tests).encode()))
                    driver = self._driving.give(tests, limits, ours.fileno(), results_in.fd, questions)
            candidate = _running(stack, self._candidates)
            theirs.close()
            for end in (out_in, err_in, results_in):
                end.close()
            watch.tree = Tree(candidate.pid, self._floor)
            outcome = watch.run(candidate, driver)
            if outcome.stop == "memory":
                outcome.why = f"more than {limits.memory_mib} MiB of memory"
            candidate.kill()
            ended = self._ended(watch)
            if ended is not None:
                outcome.cpu_s = max(ended[1], watch.tree.cpu_s, watch.unseen_cpu_s())
                # Our own SIGKILL says nothing about the program; any other ending is its own.
                outcome.status = ended[0] if watch.left or ended[0] & 0x7F != 9 else None
                outcome.peak_bytes = max(watch.tree.peak_bytes, ended[2] * 1024) - self._preloaded_mib * MIB
            if driver is None:
                outcome.report = _report(ours)
            watch.drain()
        if driver is not None and not any(record.get("done") for record in outcome.records):
            lives = self._driving.end()
            outcome.driver_died = "it closed its results too early"
            if lives and outcome.stop is None and outcome.wall_s >= min(limits.cpu_s, limits.wall_s):
                outcome.stop, outcome.why = "timeout", "the tests ran too long"
        if outcome.stop is None and outcome.signal in (9, 24) and outcome.cpu_s >= limits.cpu_s:
            outcome.stop, outcome.why = "timeout", f"more than {limits.cpu_s:g} s of CPU time"
        if outcome.stop is None and watch.killed():
            outcome.stop, outcome.why = "memory", f"more than {limits.memory_mib} MiB of memory"
        outcome.stdout, outcome.stderr = bytes(watch.stdout), bytes(watch.stderr)
        return outcome

    def _ended(self, watch: Watch) -> tuple[int, float, int] | None:
        assert self._candidates is not None
        try:
            end = self._candidates.ended()
        except ServerGoneError:
            if not watch.killed():
                raise
            outcome = watch.outcome
            outcome.stop, outcome.why, self.broken = "memory", "the memory limit", True
            return None
        return end.status, end.cpu_s, end.maxrss_kib


def _more(limits: Limits, mib: int) -> Limits:
    """Limits with so much more memory: preloaded packages are the server's, although every fork shows them."""
    return limits.model_copy(update={"memory_mib": limits.memory_mib + mib}) if mib else limits


def _hard(limits: Limits) -> dict[str, int]:
    """What the kernel is told; each a little above what the watch enforces, so that the watch can tell which it was."""
    return {
        "files_bytes": limits.files_mib * MIB,
        "inodes": limits.inodes,
        "cpu_s": int(limits.cpu_s) + 2,
        "address_bytes": max(8192, 4 * limits.memory_mib) * MIB,
        "processes": limits.processes + 1,
    }


def _report(wire: socket.socket) -> list[Any] | None:
    wire.setblocking(False)
    try:
        report = json.loads(wire.recv(REPORT_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    shaped = isinstance(report, list) and len(report) == 4 and all(isinstance(part, str) for part in report[:2])
    return report if shaped else None


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu_s(pid: int) -> float | None:
    """CPU seconds that a process with one thread has used, to the nanosecond; None where the kernel does not say."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _running(stack: contextlib.ExitStack, server: ForkServer) -> Running:
    running = server.started()
    stack.callback(running.close)
    return running


def _kept(stack: contextlib.ExitStack, end: socket.socket) -> socket.socket:
    return stack.enter_context(end)


def _fd(stack: contextlib.ExitStack, fd: int) -> int:
    stack.callback(os.close, fd)
    return fd


class _End:
    """The writing end of a pipe, closed once: by then its number may be another thread's."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def _pipe(stack: contextlib.ExitStack) -> tuple[int, _End]:
    """Reading and writing end; the latter is to be closed as soon as it is handed over."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    stack.callback(os.close, reading)
    end = _End(writing)
    stack.callback(end.close)
    return reading, end
