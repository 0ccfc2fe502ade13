"""Processes that outlive the shell: started once, found again by file, ended with all that they have started.

Each has a file NAME.json (process id and when it began) and a log NAME.log in one folder. All of them, and all that
they start, carry MARK=FOLDER in their environment: so the last of them is found, whatever became of its parents.
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

from storage.locks.processes import started

MARK = "PATCHMILL_UP"
ENGINE = "PREFECT__FLOW_RUN_ID"  # in the environment of the process of a flow run, and of what that starts
TOLD_S, FORCED_S = 8.0, 3.0


@dataclass(frozen=True)
class Started:
    """What is known on disk of one of the processes."""

    name: str
    pid: int
    pid_started: float
    """psutil's create_time, since process ids are used again."""
    url: str
    log: str

    def runs(self) -> bool:
        """Whether the very process still lives."""
        return started(self.pid) == self.pid_started


def found(folder: Path) -> dict[str, Started]:
    """All that were started and not ended by `end`, whether they still run or not."""
    known: dict[str, Started] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            known[path.stem] = Started(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # another version's
            continue
    return known


def start(folder: Path, name: str, command: Sequence[str], environment: Mapping[str, str], url: str = "") -> Started:
    """Start a process in a session of its own; its output goes to its log, that of the last one to NAME.previous.log.

    Without a Popen, so that nothing here waits for it: it belongs to init once this process has ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    variables = {**os.environ, **environment, MARK: str(folder)}
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)]
    pid = os.posix_spawn(command[0], list(command), variables, file_actions=actions, setsid=True)
    made = Started(name, pid, started(pid) or 0.0, url, str(log))
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps(asdict(made)), encoding="utf-8")
    part.replace(folder / f"{name}.json")
    return made


def wait_for(what: Started, ready: Callable[[], bool], timeout_s: float) -> str | None:
    """Wait until it is ready; returns why it is not going to be, or None."""
    until = time.monotonic() + timeout_s
    while not ready():
        if not what.runs():
            return f"it ended at once; end of {what.log}: {last_line(Path(what.log))}"
        if time.monotonic() > until:
            return f"it was not ready within {timeout_s:.0f} s; see {what.log}"
        time.sleep(0.3)
    return None


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return next((line.strip() for line in reversed(lines) if line.strip(" │╰─╯")), "(empty)")


def marked(folder: Path) -> list[psutil.Process]:
    """Every process that carries the mark, and what these have started without it; never this one or its parents."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    ours: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.environ().get(MARK) == str(folder):
                ours.update((one.pid, one) for one in (process, *process.children(recursive=True)) if not _dead(one))
        except psutil.Error:  # gone already, or another user's
            continue
    return [process for process in ours.values() if process.pid not in own]


def end(folder: Path, last: str) -> list[Started]:
    """End all of it, the process `last` last, since the others report to it; returns what had been running.

    Flow runs are told first and have TOLD_S to say that they were ended; what they have committed stays.
    """
    known = found(folder)
    running = [one for one in known.values() if one.runs()]
    keep = _with_children(known[last].pid) if last in known and known[last].runs() else set()
    others = [process for process in marked(folder) if process.pid not in keep]
    runs = {process.pid for process in others if _is_flow_run(process)}
    workers = {one.pid for one in running if one.name != last}
    # Workers are halted first: they would take up the next run. Not killed yet: runs write to their pipes.
    _signal((p for p in others if p.pid in workers), signal.SIGSTOP)
    _signal((p for p in others if p.pid in runs), signal.SIGTERM)
    _wait(lambda: [p for p in others if p.pid in runs and not _dead(p)], TOLD_S)
    _kill_all(lambda: [p for p in marked(folder) if p.pid not in keep], signal.SIGKILL)
    _signal(marked(folder), signal.SIGTERM)
    _wait(lambda: marked(folder), FORCED_S)
    _kill_all(lambda: marked(folder), signal.SIGKILL)
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)
    return running


def _with_children(pid: int) -> set[int]:
    try:
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    except psutil.Error:
        return set()


def _is_flow_run(process: psutil.Process) -> bool:
    """Whether it is the process that Prefect's engine runs a flow in, not one that the flow has started."""
    try:
        return ENGINE in process.environ() and any("prefect" in word for word in process.cmdline()[:4])
    except psutil.Error:
        return False


def _dead(process: psutil.Process) -> bool:
    """Ended, be it that its parent has not asked yet."""
    return started(process.pid) is None


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def _wait(left: Callable[[], list[psutil.Process]], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while left() and time.monotonic() < until:
        time.sleep(0.1)


def _kill_all(left: Callable[[], list[psutil.Process]], number: signal.Signals) -> None:
    """Again and again: a process may start another one while it is being looked for."""
    until = time.monotonic() + FORCED_S
    while (processes := left()) and time.monotonic() < until:
        _signal(processes, number)
        time.sleep(0.1)


def python(*arguments: str) -> list[str]:
    """The command line of a module or script in this very environment."""
    return [sys.executable, *arguments]
