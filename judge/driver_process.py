"""The judge's side of the driver: a process that runs the tests of many programs, one after another."""

import array
import hashlib
import json
import os
import socket

from judge.plan import Payload
from judge.protocol import Limits
from judge.server import ForkServer, RunningJob, ServerGoneError

MOST_JOBS = 200  # then a fresh process, so that whatever a driver accumulates stays small
CPU_S, MEMORY_MIB = 10, 2048  # what tests may use beyond the program's own limits
MIB = 1 << 20


def sharing_key(tests: Payload) -> str:
    """Return which tests may share a driver: plain calls and asserts with all, other test code with its own problem."""
    if tests["kind"] in ("calls", "checker", "answers") or (tests["kind"] == "asserts" and not tests["setup"]):
        return "plain"
    return hashlib.blake2b(json.dumps(tests, sort_keys=True).encode(), digest_size=12).hexdigest()


class DriverProcess:
    """The driver of one slot. It sees nothing but plain data, so no program can corrupt it for the next."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self._running: RunningJob | None = None
        self._control: socket.socket | None = None
        self._key = ""
        self._jobs = 0

    def run_tests(self, tests: Payload, limits: Limits, wire: int, results: int, payload: int) -> RunningJob:
        """Send it one program's tests; it closes `results` at the end of them.

        Args:
            tests: they decide whether the process that runs now may be used.
            limits: the program's own; the tests get a little more CPU time.
            wire: descriptor of the connection to the candidate.
            results: descriptor of the pipe that takes the report.
            payload: descriptor of the file that holds `tests`.

        Returns:
            The driver itself.

        Raises:
            ServerGoneError: it does not answer.
        """
        key = sharing_key(tests)
        if self._running is None or key != self._key or self._jobs >= MOST_JOBS:
            self.end()
            self._start()
            self._key = key
        assert self._running is not None and self._control is not None
        self._jobs += 1
        fds = array.array("i", [wire, results, payload])
        try:
            cpu_s = str(int(limits.cpu_s) + CPU_S).encode()
            self._control.sendmsg([cpu_s], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        except OSError as error:
            self.end()
            raise ServerGoneError(f"the driver is gone: {error}") from None
        return self._running

    def _start(self) -> None:
        control, driver_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with driver_end, open(os.devnull, "r+b") as null, open(os.devnull, "rb") as no_payload:  # noqa: PTH123
            limits = {"cpu_s": 1 << 20, "address_bytes": MEMORY_MIB * MIB, "processes": 64}
            fds = [null.fileno(), null.fileno(), null.fileno(), driver_end.fileno(), no_payload.fileno()]
            self._server.launch(limits, fds)
        self._running, self._control, self._jobs = self._server.wait_start(), control, 0

    def end(self) -> bool:
        """End the process, if there is one; return False if its server is gone too, so that no test is to blame."""
        if self._running is not None and self._control is not None:
            running, control, self._running = self._running, self._control, None
            running.kill()
            control.close()
            running.close()
            try:
                self._server.wait_end()
            except ServerGoneError:
                return False
        return True
