"""Run one server and end it when its owner goes; a script of its own that uses the standard library only.

Usage: python supervisor.py OWNER_PID GRACE_S COMMAND..., with a pipe as standard input that the owner holds open.

The server gets a process group of its own. It is ended (SIGTERM, after GRACE_S seconds SIGKILL) when the pipe closes,
when the owner is gone, or on SIGTERM. The owner is watched too, because a child of it may have inherited the pipe.

Should this script itself be killed, the kernel ends the server through PR_SET_PDEATHSIG. That signal fires at the
death of the *thread* that forked. An owner with many threads therefore can't set it; this script has one thread.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36  # this script reaps the server's orphans: the init of some containers takes seconds


def supervise(owner: int, grace_s: float, command: list[str]) -> int:
    """Run the command; return its exit status, or 0 if it was ended on purpose."""
    must_end = False

    def request_end(_number: int, _frame: FrameType | None) -> None:
        nonlocal must_end
        must_end = True

    signal.signal(signal.SIGTERM, request_end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the owner decides
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    while not must_end and server.poll() is None and os.getppid() == owner:
        readable, _, _ = select.select([0], [], [], 0.2)
        must_end = must_end or (bool(readable) and os.read(0, 4096) == b"")
    status = server.poll()
    end_process_group(server, grace_s)
    return 0 if status is None else status


def end_process_group(server: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """End the server and every process of its group.

    The server is asked first and alone, so that vLLM ends its engine in good order.
    """
    deadline = time.monotonic() + grace_s
    if server.poll() is None:
        server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):  # raised as soon as the group has no member
        os.killpg(server.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-server.pid, os.WNOHANG)
            os.killpg(server.pid, 0)
            time.sleep(0.01)
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    sys.exit(supervise(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
