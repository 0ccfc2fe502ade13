"""The fork server: import once, fork a process per job, report how each job ended.

Its control socket (SEQPACKET) brings JSON of limits with the descriptors stdin, stdout, stderr, wire and payload. It
answers `{"pid": 1}` with a pidfd once the job exists, then `{"status", "cpu_s", "maxrss_kib"}`, or `{"fault"}`.
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

from . import confine, descriptors, packages, warm


def start(role: str, control_fd: int, uid: int) -> None:
    """Run one fork server until the judge closes its end; `role` is `candidate`, `driver` or `native`.

    The process's first argument, if there is one, is JSON for packages.enable_packages.
    """
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    os.environ.clear()
    os.environ["HOME"] = "/tmp"  # for libraries that keep settings there; their users have no entry of their own
    arguments = sys.argv[1:]  # read before load_main, which gives programs arguments of their own
    main = warm.load_main(role)
    server = confine.Server(uid, allow_children=role != "driver")
    if arguments:
        packages.enable_packages(role, json.loads(arguments[0]))
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.dirname(__file__))]
    gc.collect()
    gc.freeze()
    control.send(b'{"ready": 1}')
    serve(control, server, main)


def serve(control: socket.socket, server: confine.Server, main: Callable[[], None]) -> None:
    """Run one job after another; ends the process, and the job with it, when the judge closes the socket."""
    while True:
        limits, fds = _receive_job(control)
        try:
            child = server.fork(limits)
        except OSError as error:
            control.send(json.dumps({"fault": f"fork: {error}"}).encode())
            for fd in fds:
                os.close(fd)
            continue
        if child == 0:
            _run_job(control, server, limits, fds, main)
        for fd in fds:
            os.close(fd)
        pidfd = os.pidfd_open(child)
        control.sendmsg([b'{"pid": 1}'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))])
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(control.fileno(), select.POLLHUP)
        while not any(fd == pidfd for fd, _ in poll.poll()):
            os.kill(child, signal.SIGKILL)  # the judge is gone, so everything it started must go
            os._exit(0)
        os.close(pidfd)
        _, status, usage = os.wait4(child, 0)
        end = {"status": status, "cpu_s": usage.ru_utime + usage.ru_stime, "maxrss_kib": usage.ru_maxrss}
        control.send(json.dumps(end).encode())


def _receive_job(control: socket.socket) -> tuple[dict[str, int], list[int]]:
    data, extra, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(4 * descriptors.COUNT))
    fds: list[int] = []
    for _level, _kind, raw in extra:
        numbers = array.array("i")
        numbers.frombytes(raw[: len(raw) - len(raw) % 4])
        fds.extend(numbers)
    if not data:
        os._exit(0)
    return json.loads(data), fds


def _run_job(
    control: socket.socket, server: confine.Server, limits: dict[str, int], fds: list[int], main: Callable[[], None]
) -> None:
    """In the forked process: confine it, run `main`, and end it."""
    code = 70
    try:
        try:
            server.confine(limits)
        except OSError as error:
            # On the control socket, which no foreign code has held yet: a program can't pretend that the judge failed.
            control.send(json.dumps({"fault": f"confine: {error}"}).encode())
            os._exit(71)
        _move_descriptors(fds)
        main()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _move_descriptors(fds: list[int]) -> None:
    """Put the job's descriptors at 0 to 4, and close all others, the control socket with them."""
    copies = [os.dup2(fd, 100 + number) for number, fd in enumerate(fds)]
    for number, fd in enumerate(copies):
        os.dup2(fd, number)
        os.set_inheritable(number, number < 3)
    os.closerange(len(fds), 1024)
