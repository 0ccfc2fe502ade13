"""The fork server: imports once, forks per job, reports how each job ended.

Its control socket (SEQPACKET) carries, from the judge: JSON of limits plus the descriptors stdin, stdout, stderr, wire,
payload; to the judge: `{"pid": ...}` with a pidfd once the job exists, then `{"status", "cpu_s", "maxrss_kib"}`.
"""

import array
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable

from . import confine

WIRE, PAYLOAD = 3, 4
DESCRIPTORS = 5


def _receive(control: socket.socket) -> tuple[dict[str, int], list[int]]:
    data, extra, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(4 * DESCRIPTORS))
    fds: list[int] = []
    for _level, _kind, raw in extra:
        got = array.array("i")
        got.frombytes(raw[: len(raw) - len(raw) % 4])
        fds.extend(got)
    if not data:
        os._exit(0)
    return json.loads(data), fds


def _become(fds: list[int]) -> None:
    """Put the job's descriptors at 0..4 and close all others, the control socket with them."""
    high = [os.dup2(fd, 100 + n) for n, fd in enumerate(fds)]
    for n, fd in enumerate(high):
        os.dup2(fd, n)
        os.set_inheritable(n, n < 3)
    os.closerange(len(fds), 1024)


def serve(control: socket.socket, server: confine.Server, main: Callable[[], None]) -> None:
    while True:
        limits, fds = _receive(control)
        try:
            child = server.fork(limits)
        except OSError as error:
            control.send(json.dumps({"fault": f"fork: {error}"}).encode())
            for fd in fds:
                os.close(fd)
            continue
        if child == 0:
            _job(control, server, limits, fds, main)
        for fd in fds:
            os.close(fd)
        watch = os.pidfd_open(child)
        control.sendmsg([b'{"pid": 1}'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [watch]))])
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        poll.register(control.fileno(), select.POLLHUP)
        while not any(fd == watch for fd, _ in poll.poll()):
            os.kill(child, signal.SIGKILL)  # the judge is gone, so is everything it started
            os._exit(0)
        os.close(watch)
        _, status, usage = os.wait4(child, 0)
        end = {"status": status, "cpu_s": usage.ru_utime + usage.ru_stime, "maxrss_kib": usage.ru_maxrss}
        control.send(json.dumps(end).encode())


def _job(
    control: socket.socket, server: confine.Server, limits: dict[str, int], fds: list[int], main: Callable[[], None]
) -> None:
    code = 70
    try:
        try:
            server.confine(limits)
        except OSError as error:
            # On the control socket, which no foreign code has held yet: a program can't pretend that we failed.
            control.send(json.dumps({"fault": f"confine: {error}"}).encode())
            os._exit(71)
        _become(fds)
        main()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def start(role: str, control_fd: int, uid: int) -> None:
    """Run one fork server until the judge closes its end; `role` is `candidate` or `driver`.

    The process's first argument, if there is one, is JSON for packages.enter.
    """
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    os.environ.clear()
    from . import warm  # here, not at import: the modules of a role are part of its start

    given = sys.argv[1:]  # programs get arguments of their own
    main = warm.main_of(role)
    server = confine.Server(uid, families=role == "candidate")
    if given:
        from . import packages

        packages.enter(role, json.loads(given[0]))
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.dirname(__file__))]
    gc.collect()
    gc.freeze()
    control.send(b'{"ready": 1}')
    serve(control, server, main)
