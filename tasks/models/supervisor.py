"""Runs one server and ends it when its owner goes; a script of its own, standard library only.

Usage: python supervisor.py OWNER_PID GRACE_S COMMAND..., with a pipe as standard input that the owner holds open.

The server gets a process group of its own. It is ended (SIGTERM, after GRACE_S seconds SIGKILL) when the pipe closes,
when the owner is gone (which also covers a child of the owner that inherited the pipe), or on SIGTERM. Should this
script itself be killed, the kernel ends the server: PR_SET_PDEATHSIG fires at the death of the *thread* that forked,
so it can't be set by an owner that runs many threads, but can be here, where there is one.
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
PR_SET_CHILD_SUBREAPER = 36  # the server's orphans become ours: the init of some containers takes seconds over them


def main(owner: int, grace_s: float, command: list[str]) -> int:
    """Returns the server's exit status, or 0 if it was ended on purpose."""
    ended = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the owner decides
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    while not ended and server.poll() is None and os.getppid() == owner:
        readable, _, _ = select.select([0], [], [], 0.2)
        ended = ended or (bool(readable) and os.read(0, 4096) == b"")
    status = server.poll()
    end_group(server, grace_s)
    return 0 if status is None else status


def end_group(server: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """End the server and whatever it started; nothing of its group is left afterwards.

    The server is asked first and by itself: vLLM then ends its engine in good order.
    """
    until = time.monotonic() + grace_s
    if server.poll() is None:
        server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):  # raised as soon as the group has no member
        os.killpg(server.pid, signal.SIGTERM)
        while time.monotonic() < until:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-server.pid, os.WNOHANG)
            os.killpg(server.pid, 0)
            time.sleep(0.01)
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
