"""Ends what a killed run leaves behind: Prefect's temporary server survives the process that started it.

`guard()` in the run starts this file as a process of its own, which waits for the run's end of a pipe to close and
then ends every process that carries the run's mark in its environment. A run that ends well leaves nothing to end.
"""

import os
import subprocess
import sys
import uuid

import psutil

MARK = "PATCHMILL_RUN"


def guard() -> None:
    """From now on, the processes this one starts end with it, even after kill -9. Once per process is enough."""
    if MARK in os.environ:
        return
    os.environ[MARK] = uuid.uuid4().hex
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "cli.reaper", os.environ[MARK]]
    subprocess.Popen(command, stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(ours)
    os.set_inheritable(theirs, False)  # closed by the kernel when this process ends, however it ends


def reap(mark: str) -> int:
    """End every other process of this user with the mark; returns how many."""
    ended = 0
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                process.kill()
                ended += 1
        except psutil.Error:  # gone already, or another user's
            continue
    return ended


if __name__ == "__main__":
    os.environ.pop(MARK, None)
    sys.stdin.read()
    reap(sys.argv[1])
