"""End Prefect's temporary server with its run, even where the run is killed.

The server outlives the process that started it. `guard_server()` starts this file as a process of its own, which waits
until the kernel closes the run's end of a pipe. It then kills the server that carries the run's mark in its
environment. After a clean end there is no server left. Model server and sandbox have their own watchers.
"""

import os
import sys
import uuid

import psutil

MARK = "PATCHMILL_RUN"


def guard_server() -> None:
    """Make Prefect's temporary server end with this process, even after kill -9. Further calls do nothing."""
    if MARK in os.environ:
        return
    os.environ[MARK] = uuid.uuid4().hex
    read_end, write_end = os.pipe()
    command = [sys.executable, "-m", "cli.reaper", os.environ[MARK]]
    silence = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    actions = [(os.POSIX_SPAWN_DUP2, read_end, 0), *silence]
    os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
    os.close(read_end)
    os.set_inheritable(write_end, False)  # the kernel closes it when this process ends, however it ends


def kill_servers(mark: str) -> None:
    """Kill every server of Prefect that carries the mark."""
    for process in psutil.process_iter():
        try:
            if "uvicorn" in process.cmdline() and process.environ().get(MARK) == mark:
                process.kill()
        except psutil.Error:  # ended meanwhile, or of another user
            continue


if __name__ == "__main__":
    sys.stdin.read()
    kill_servers(sys.argv[1])
