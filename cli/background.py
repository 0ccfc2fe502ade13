"""Processes that outlive the shell: start them, read them back from disk, and end them with all their descendants.

A process has a file NAME.json (its id and start time) and a log NAME.log, in one folder. Its environment holds
MARK=FOLDER, which all descendants inherit. So every descendant is found, even after its parents ended.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from storage.locks.processes import process_start_time

MARK = "PATCHMILL_UP"
FLOW_RUN_VARIABLE = "PREFECT__FLOW_RUN_ID"
"""Set by Prefect for the process of a flow run; that process's children inherit it."""
TERMINATE_S = 6.0
"""How long flow runs have to report that they were ended."""
KILL_S = 2.5
"""How long killing may take."""


@dataclass(frozen=True)
class BackgroundProcess:
    """One process, as its file describes it."""

    name: str
    pid: int
    pid_started: float
    """psutil's create_time: the system uses process ids again."""
    url: str
    log: str

    def is_running(self) -> bool:
        """Return whether this very process is alive."""
        return process_start_time(self.pid) == self.pid_started


def read_processes(folder: Path) -> dict[str, BackgroundProcess]:
    """Return all processes by name that `end_processes` has not ended, running or not. Unreadable files are skipped."""
    processes: dict[str, BackgroundProcess] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            processes[path.stem] = BackgroundProcess(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # written by another version
            continue
    return processes


def start_process(
    folder: Path, name: str, command: Sequence[str], environment: Mapping[str, str], url: str = ""
) -> BackgroundProcess:
    """Start a process in its own session and write its file.

    Its output goes to NAME.log; the log of the last start moves to NAME.previous.log. There is no Popen, so nothing
    here waits for the process: init adopts it when this process ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    variables = {**os.environ, **environment, MARK: str(folder)}
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)]
    pid = os.posix_spawn(command[0], list(command), variables, file_actions=actions, setsid=True)
    process = BackgroundProcess(name, pid, process_start_time(pid) or 0.0, url, str(log))
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps(asdict(process)), encoding="utf-8")
    part.replace(folder / f"{name}.json")
    return process


def wait_until_ready(process: BackgroundProcess, is_ready: Callable[[], bool], timeout_s: float) -> str | None:
    """Wait until a process is ready. Return None, or why it will not become ready."""
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        if not process.is_running():
            return f"it ended at once; end of {process.log}: {last_line(Path(process.log))}"
        if time.monotonic() > deadline:
            return f"it was not ready within {timeout_s:.0f} s; see {process.log}"
        time.sleep(0.3)
    return None


def last_line(log: Path) -> str:
    """Return the last line of a log that holds more than a frame around text."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return next((line.strip() for line in reversed(lines) if line.strip(" │╰─╯")), "(empty)")


def find_marked_processes(folder: Path) -> list[psutil.Process]:
    """Return every process that carries the mark, with its descendants; never this process or its ancestors."""
    ancestors = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    marked: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.pid not in ancestors and process.environ().get(MARK) == str(folder):
                family = (process, *process.children(recursive=True))
                marked.update((member.pid, member) for member in family if not _has_ended(member))
        except psutil.Error:  # ended meanwhile, or of another user
            continue
    return [process for process in marked.values() if process.pid not in ancestors]


def end_processes(folder: Path, last: str) -> list[BackgroundProcess]:
    """End all processes of a folder with their descendants, and return those that were running.

    The process named `last` ends last, since the others report to it. Flow runs are terminated first and have
    TERMINATE_S to report; what they have committed stays.
    """
    processes = read_processes(folder)
    running = [process for process in processes.values() if process.is_running()]
    spared = _family(processes[last].pid) if last in processes and processes[last].is_running() else set()
    doomed = [process for process in find_marked_processes(folder) if process.pid not in spared]
    flow_runs = {process.pid for process in doomed if _is_flow_run(process)}
    workers = {process.pid for process in running if process.name != last}
    # Workers are stopped first: they would start the next run. They are not killed yet: runs write to their pipes.
    _signal((process for process in doomed if process.pid in workers), signal.SIGSTOP)
    _signal((process for process in doomed if process.pid in flow_runs), signal.SIGTERM)
    _wait_while(lambda: [p for p in doomed if p.pid in flow_runs and not _has_ended(p)], TERMINATE_S)
    _kill_all(lambda: [process for process in find_marked_processes(folder) if process.pid not in spared])
    _signal(find_marked_processes(folder), signal.SIGTERM)
    _wait_while(lambda: find_marked_processes(folder), KILL_S)
    _kill_all(lambda: find_marked_processes(folder))
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)
    return running


def _family(pid: int) -> set[int]:
    """Return the ids of a process and its descendants."""
    try:
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    except psutil.Error:
        return set()


def _is_flow_run(process: psutil.Process) -> bool:
    """Return whether Prefect's engine runs a flow in this process; the flow's own children do not count."""
    try:
        return FLOW_RUN_VARIABLE in process.environ() and any("prefect" in word for word in process.cmdline()[:4])
    except psutil.Error:
        return False


def _has_ended(process: psutil.Process) -> bool:
    """Return whether a process ended, even if its parent has not collected it yet."""
    return process_start_time(process.pid) is None


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def _wait_while(remaining: Callable[[], list[psutil.Process]], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while remaining() and time.monotonic() < deadline:
        time.sleep(0.1)


def _kill_all(remaining: Callable[[], list[psutil.Process]]) -> None:
    """Kill until none remains: a process may start another one between the search and the signal."""
    deadline = time.monotonic() + KILL_S
    while (processes := remaining()) and time.monotonic() < deadline:
        _signal(processes, signal.SIGKILL)
        time.sleep(0.1)


def python_command(*arguments: str) -> list[str]:
    """Return the command line that runs this environment's Python with these arguments."""
    return [sys.executable, *arguments]
