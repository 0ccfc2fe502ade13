"""Ends what a killed run leaves behind: Prefect's temporary server survives the process that started it.

`guard()` in the run starts this file as a process of its own, which waits for the run's end of a pipe to close and
then ends the server that carries the run's mark in its environment. A run that ends well leaves nothing to end. Model
server and sandbox have watchers of their own.
"""

import os
import sys
import uuid

import psutil

MARK = "PATCHMILL_RUN"


def guard() -> None:
    """From now on, Prefect's temporary server ends with this process, even after kill -9."""
    if MARK in os.environ:
        return
    os.environ[MARK] = uuid.uuid4().hex
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "cli.reaper", os.environ[MARK]]
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, ours, 0), *quiet], setsid=True)
    os.close(ours)
    os.set_inheritable(theirs, False)  # closed by the kernel when this process ends, however it ends


def reap(mark: str) -> int:
    """End Prefect's server with the mark; returns how many there were."""
    ended = 0
    for process in psutil.process_iter():
        try:
            if "uvicorn" in process.cmdline() and process.environ().get(MARK) == mark:
                process.kill()
                ended += 1
        except psutil.Error:  # gone already, or another user's
            continue
    return ended


if __name__ == "__main__":
    sys.stdin.read()
    reap(sys.argv[1])
