"""One slot: fork servers and a cgroup, in which one program runs at a time."""

import contextlib
import fcntl
import json
import os
import socket

from judge.backends.base import Backend
from judge.compare import OutputComparison
from judge.driver_process import DriverProcess
from judge.inside.payload import ProgramPayload
from judge.outcome import Outcome, RaisedException
from judge.plan import Payload
from judge.program_server import ProgramServer
from judge.protocol import Limits
from judge.server import ForkServer, JobEnd, RunningJob, ServerGoneError
from judge.tree import Tree
from judge.watch import RunWatch

FIRST_UID = 61184  # start of a range that no distribution assigns to people or services
MIB = 1 << 20
REPORT_BYTES = 8192
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK


def memory_file(data: bytes) -> int:
    """Return a descriptor that reads `data` from its start; no process can write to it."""
    fd = os.memfd_create("payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        position = 0
        while position < len(data):
            position += os.write(fd, data[position:] if position else data)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        os.lseek(fd, 0, os.SEEK_SET)
    except BaseException:
        os.close(fd)
        raise
    return fd


class Slot:
    """Runs one program at a time; replaced after any ServerGoneError."""

    def __init__(self, backend: Backend, number: int) -> None:
        self.number = number
        self.broken = False
        """The slot must be replaced, although its last run came to a verdict."""
        self._backend = backend
        self._candidates = ProgramServer(backend, "candidate", FIRST_UID + 2 * number, number)
        self._native: ProgramServer | None = None
        try:
            self._drivers = ForkServer(backend, "driver", FIRST_UID + 2 * number + 1)
        except BaseException:
            self._candidates.close()
            raise
        self._driver = DriverProcess(self._drivers)

    @property
    def cgroup(self) -> str:
        """`v1`, `v2` or `none`."""
        return self._candidates.cgroup.mode

    def close(self) -> None:
        """End all servers and everything in them."""
        self._driver.end()
        self._drivers.stop()
        for programs in (self._candidates, self._native):
            if programs is not None:
                programs.close()

    def _choose_server(self, together: bool) -> ProgramServer:
        """Return the server of programs, or that of programs together with their tests, started when first needed."""
        if not together:
            return self._candidates
        if self._native is None:
            self._native = ProgramServer(self._backend, "native", FIRST_UID + 2 * self.number, self.number)
        return self._native

    def run(
        self,
        program: ProgramPayload,
        limits: Limits,
        tests: Payload | None,
        stdin: bytes = b"",
        together: bool = False,
        comparison: OutputComparison | None = None,
    ) -> Outcome:
        """Run one program to its end.

        Args:
            program: the candidate's payload.
            limits: what it may use.
            tests: the driver's payload; None for a whole program on stdin and stdout.
            stdin: the whole of it.
            together: run the tests in the program's own process.
            comparison: takes the output; its expected size is added to the limit, and the outcome holds the end alone.

        Raises:
            ServerGoneError: the slot is broken; close it.
        """
        programs, nonce = self._choose_server(together), os.urandom(12).hex() if together else None
        programs.cgroup.set_limit((limits.memory_mib + 8 + programs.preloaded_mib) * MIB)
        with contextlib.ExitStack() as stack:
            # `driver_end` stays open here till the end, or the candidate would end as soon as the driver closes it.
            driver_end, candidate_end = (stack.enter_context(end) for end in socket.socketpair())
            out, out_in = _open_pipe(stack)
            err, err_in = _open_pipe(stack)
            contents = {**program, "tests": tests, "nonce": nonce} if together else program
            payload = _close_later(stack, memory_file(json.dumps(contents).encode()))
            # Opened for this run even if it is empty: flags set on an open file would stay for the next program.
            source = memory_file(stdin) if stdin else os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            _close_later(stack, source)
            results, results_in = _open_pipe(stack)
            wire = results_in.fd if together else candidate_end.fileno()
            programs.server.launch(kernel_limits(limits), [source, out_in.fd, err_in.fd, wire, payload])
            watched_limits = _add_memory(limits, programs.preloaded_mib)
            watch = RunWatch(watched_limits, out, err, programs.cgroup, programs.read_cpu_s)
            watch.comparison, watch.nonce = comparison, nonce
            driver = None
            if tests is not None:
                watch.results = results
                if not together:
                    questions = _close_later(stack, memory_file(json.dumps(tests).encode()))
                    driver = self._driver.run_tests(tests, limits, driver_end.fileno(), results_in.fd, questions)
            candidate = _wait_start(stack, programs.server)
            candidate_end.close()
            for end in (out_in, err_in, results_in):
                end.close()
            watch.tree = Tree(candidate.pid, programs.floor)
            outcome = watch.run(candidate, driver)
            if outcome.stop == "memory":
                outcome.why = f"more than {limits.memory_mib} MiB of memory"
            candidate.kill()
            end_of_job = self._wait_end(programs.server, watch)
            if end_of_job is not None:
                _fill_in(outcome, watch, end_of_job, programs.preloaded_mib)
            if driver is None:
                outcome.report = _read_report(driver_end)
            watch.drain()
        if driver is not None and not any(record.get("done") for record in outcome.records):
            server_lives = self._driver.end()
            outcome.driver_died = "it closed its results too early"
            if server_lives and outcome.stop is None and outcome.wall_s >= min(limits.cpu_s, limits.wall_s):
                outcome.stop, outcome.why = "timeout", "the tests ran too long"
        if outcome.stop is None and outcome.signal in (9, 24) and outcome.cpu_s >= limits.cpu_s:
            outcome.stop, outcome.why = "timeout", f"more than {limits.cpu_s:g} s of CPU time"
        if outcome.stop is None and watch.out_of_memory():
            outcome.stop, outcome.why = "memory", f"more than {limits.memory_mib} MiB of memory"
        outcome.stdout, outcome.stderr = bytes(watch.stdout), bytes(watch.stderr)
        return outcome

    def _wait_end(self, server: ForkServer, watch: RunWatch) -> JobEnd | None:
        """Wait for the candidate's end; None where the kernel killed the fork server itself for lack of memory."""
        try:
            return server.wait_end()
        except ServerGoneError:
            if not watch.out_of_memory():
                raise
            watch.outcome.stop, watch.outcome.why, self.broken = "memory", "the memory limit", True
            return None


def _fill_in(outcome: Outcome, watch: RunWatch, end: JobEnd, preloaded_mib: int) -> None:
    outcome.cpu_s = max(end.cpu_s, watch.tree.cpu_s, watch.unseen_cpu_s())
    # The judge's own SIGKILL says nothing about the program; any other ending is its own.
    outcome.status = end.status if watch.ended_itself or end.status & 0x7F != 9 else None
    outcome.peak_bytes = max(watch.tree.peak_bytes, end.maxrss_kib * 1024) - preloaded_mib * MIB


def _add_memory(limits: Limits, mib: int) -> Limits:
    """Raise the memory limit: preloaded packages belong to the server, although they count in every fork."""
    return limits.model_copy(update={"memory_mib": limits.memory_mib + mib}) if mib else limits


def kernel_limits(limits: Limits) -> dict[str, int]:
    """Return the limits that the kernel enforces: a little above the watch's, which can name the one exceeded."""
    return {
        "files_bytes": limits.files_mib * MIB,
        "inodes": limits.inodes,
        "cpu_s": int(limits.cpu_s) + 2,
        "address_bytes": max(8192, 4 * limits.memory_mib) * MIB,
        "processes": limits.processes + 1,
    }


def _read_report(wire: socket.socket) -> RaisedException | None:
    """Read what a whole program reports to have raised; None without a report of the right shape."""
    wire.setblocking(False)
    try:
        report: list[str | int | None] = json.loads(wire.recv(REPORT_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    valid = isinstance(report, list) and len(report) == 4 and all(isinstance(part, str) for part in report[:2])
    return report if valid else None


def _wait_start(stack: contextlib.ExitStack, server: ForkServer) -> RunningJob:
    job = server.wait_start()
    stack.callback(job.close)
    return job


def _close_later(stack: contextlib.ExitStack, fd: int) -> int:
    stack.callback(os.close, fd)
    return fd


class _PipeEnd:
    """The writing end of a pipe, closed only once: afterwards its number may belong to another thread's file."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def _open_pipe(stack: contextlib.ExitStack) -> tuple[int, _PipeEnd]:
    """Open a pipe; the caller closes its writing end as soon as it has passed it on."""
    reading_fd, writing_fd = os.pipe2(os.O_CLOEXEC)
    stack.callback(os.close, reading_fd)
    end = _PipeEnd(writing_fd)
    stack.callback(end.close)
    return reading_fd, end
