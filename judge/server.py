"""The judge's side of a fork server: send it descriptors and limits, learn which process runs and how it ended."""

import array
import contextlib
import json
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.backends.base import Backend, Role
from judge.cgroup import Cgroup
from judge.errors import JudgeError, SandboxError

START_S = 60.0
ANSWER_S = 30.0


class ServerGoneError(JudgeError):
    """The fork server ended or does not answer: the slot must be replaced. The pool catches it and tries again."""


@dataclass(frozen=True)
class JobEnd:
    """The end of a job as wait4 reports it: CPU seconds of the whole tree, resident KiB of the largest process."""

    status: int
    cpu_s: float
    maxrss_kib: int


class RunningJob:
    """One job; `pid` is its first process as this machine numbers it."""

    def __init__(self, pidfd: int) -> None:
        self.pidfd = pidfd
        with open(f"/proc/self/fdinfo/{pidfd}") as lines:  # noqa: PTH123
            self.pid = next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))

    def kill(self) -> None:
        """End the job and, since it is the first process of its namespace, everything it started."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Close the descriptor; the job runs on."""
        os.close(self.pidfd)


class ForkServer:
    """One confined fork server; runs one job at a time."""

    def __init__(self, backend: Backend, role: Role, uid: int, seed: int = 0) -> None:
        """Start it and wait until it is ready. Raises SandboxError."""
        self._confined = backend.start(role, uid, seed)
        self._control = socket.socket(fileno=os.dup(self._confined.control_fd))
        self._control.settimeout(START_S)
        try:
            self._receive()
        except ServerGoneError:
            stderr = self.stop().strip()
            remedy = backend.explain(stderr)
            reasons = "; ".join(filter(None, (remedy.cause, stderr or "it wrote no message")))
            problem = f"{backend.name}: the {role} server did not start: {reasons}"
            raise SandboxError(problem, fix=remedy.fix) from None
        self._control.settimeout(ANSWER_S)

    @property
    def cgroup(self) -> Cgroup | None:
        """See Confined.cgroup."""
        return self._confined.cgroup

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes, for the slot's cgroup."""
        return self._confined.pids

    def launch(self, limits: Mapping[str, int], fds: list[int]) -> None:
        """Start a job on stdin, stdout, stderr, wire, payload; call `wait_start` next. Raises ServerGoneError."""
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        try:
            self._control.sendmsg([json.dumps(limits).encode()], extra)
        except OSError as error:
            raise ServerGoneError(f"cannot ask for a job: {error}") from None

    def wait_start(self) -> RunningJob:
        """Wait for the job just launched and return it. Raises ServerGoneError."""
        _, fds = self._receive()
        return RunningJob(fds[0])

    def wait_end(self) -> JobEnd:
        """Wait for the job's end. Raises ServerGoneError, also where the job could not be confined."""
        answer, _ = self._receive()
        return JobEnd(answer["status"], answer["cpu_s"], answer["maxrss_kib"])

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        try:
            data, extra, _, _ = self._control.recvmsg(65536, socket.CMSG_SPACE(8), socket.MSG_CMSG_CLOEXEC)
        except OSError as error:
            raise ServerGoneError(f"no answer: {error}") from None
        fds = array.array("i")
        for _level, _kind, raw in extra:
            fds.frombytes(raw)
        if not data:
            raise ServerGoneError("the fork server ended")
        answer: dict[str, Any] = json.loads(data)
        if "fault" in answer:
            raise ServerGoneError(str(answer["fault"]))
        return answer, list(fds)

    def stop(self) -> str:
        """End it and everything it runs; return the end of its stderr."""
        self._control.close()
        return self._confined.stop()
