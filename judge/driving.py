"""Our end of the driver: a process that runs the tests of many programs, one after another."""

import array
import hashlib
import json
import os
import socket
from typing import Any

from judge.protocol import Limits
from judge.server import ForkServer, Running, ServerGoneError

MOST_JOBS = 200  # then a fresh process, so that whatever a driver gathers stays small
CPU_S, MEMORY_MIB = 10, 2048  # what tests may use beyond the program's own limits
MIB = 1 << 20


def key(tests: dict[str, Any]) -> str:
    """Which tests may share a process: plain calls and asserts with all, other test code with its own problem only."""
    if tests["kind"] in ("calls", "answers") or (tests["kind"] == "asserts" and not tests["setup"]):
        return "plain"
    return hashlib.blake2b(json.dumps(tests, sort_keys=True).encode(), digest_size=12).hexdigest()


class Driving:
    """The driver process of one slot. It sees nothing but plain data, so no program can spoil it for the next."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self._running: Running | None = None
        self._control: socket.socket | None = None
        self._key = ""
        self._jobs = 0

    def give(self, tests: dict[str, Any], limits: Limits, wire: int, results: int, payload: int) -> Running:
        """Hand it one program's tests; it closes `results` when it is done. Raises ServerGoneError."""
        wanted = key(tests)
        if self._running is None or wanted != self._key or self._jobs >= MOST_JOBS:
            self.end()
            self._start()
            self._key = wanted
        assert self._running is not None and self._control is not None
        self._jobs += 1
        fds = array.array("i", [wire, results, payload])
        try:
            said = str(int(limits.cpu_s) + CPU_S).encode()
            self._control.sendmsg([said], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        except OSError as error:
            self.end()
            raise ServerGoneError(f"the driver is gone: {error}") from None
        return self._running

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, open(os.devnull, "r+b") as null, open(os.devnull, "rb") as nothing:  # noqa: PTH123
            limits = {"cpu_s": 1 << 20, "address_bytes": MEMORY_MIB * MIB, "processes": 64}
            fds = [null.fileno(), null.fileno(), null.fileno(), theirs.fileno(), nothing.fileno()]
            self._server.launch(limits, fds)
        self._running, self._control, self._jobs = self._server.started(), ours, 0

    def end(self) -> bool:
        """End the process, if there is one; False if its server is gone too, so that the fault is no test's."""
        if self._running is not None and self._control is not None:
            running, control, self._running = self._running, self._control, None
            running.kill()
            control.close()
            running.close()
            try:
                self._server.ended()
            except ServerGoneError:
                return False
        return True
