"""Run one judge under measurement in its own environment and confinement, and read its cost from outside."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.backends.bubblewrap import INSTALL, find_bwrap
from judge.errors import SandboxError

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench/peers"
ENVIRONMENTS = ROOT / ".patchmill/peers"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S, END_S = 120.0, 60.0


def base_python() -> Path:
    """Return the interpreter from which all environments are made."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def environment(name: str) -> Path:
    """Return the interpreter of a peer's environment; make it from bench/peers/NAME.txt if that is new or changed.

    The file lists what the judge imports, which is less than its package depends on. So processes forked from it stay
    small.
    """
    requirements, folder = (PEERS / f"{name}.txt").read_text(), ENVIRONMENTS / name
    python, installed = folder / "bin/python", folder / "done.txt"
    if not installed.exists() or installed.read_text() != requirements:
        print(f"making the environment of {name}", file=sys.stderr)
        subprocess.run([base_python(), "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps"]
        subprocess.run([*pip, "--requirement", str(PEERS / f"{name}.txt")], check=True)
        installed.write_text(requirements)
    return python


def runner(module: str, python: Path | str, *arguments: str) -> list[str]:
    """The command that runs bench/peers/MODULE.py; the repository's root must be on the path of that interpreter."""
    return [str(python), "-m", f"bench.peers.{module}", *arguments]


def confine(command: list[str], readable: list[Path]) -> list[str]:
    """Wrap a command in a throw-away sandbox: no network, the interpreter, `readable` and an empty /tmp."""
    bwrap = find_bwrap()
    if bwrap is None:
        raise SandboxError(f"no bwrap, without which no peer is run; {INSTALL}")
    words = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    words += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "OPENBLAS_NUM_THREADS", "1"]
    words += ["--setenv", "PYTHONPATH", str(ROOT)]  # of which `readable` shows the peers alone
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(64 << 20), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    for path in map(Path, ("/usr", "/bin", "/lib", "/lib64")):
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for path in (Path(sys.base_prefix).resolve(), *readable):
        if not path.is_relative_to("/usr"):
            words += ["--ro-bind", str(path), str(path)]
    return [*words, "--", *command]


def tree_cpu_s(pid: int) -> float:
    """Return user and system seconds of a process and its descendants, ended ones that were waited for included."""
    pids, total = [pid], 0
    for at in pids:
        try:
            total += sum(map(int, Path(f"/proc/{at}/stat").read_text().rpartition(")")[2].split()[11:15]))
            for task in Path(f"/proc/{at}/task").glob("*/children"):
                pids += map(int, task.read_text().split())
        except OSError:
            continue
    return total * TICK_S


@dataclass(frozen=True)
class Batch:
    """The answers to one batch, and their cost."""

    answers: dict[str, bool]
    """Which programs passed."""
    cpu_s: float
    """Of the runner and everything below it."""
    wall_s: float


class EndedError(Exception):
    """The runner ended before it had answered."""


class LateError(Exception):
    """No answer in time."""


class Contender:
    """A runner process; bench/peers/serving.py describes the protocol."""

    def __init__(self, command: list[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed in close)
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._errors, cwd=ROOT)
        self._unread = b""

    @property
    def pid(self) -> int:
        """Process id of the runner, or of the sandbox around it."""
        return self._process.pid

    def judge(
        self, jobs: list[dict[str, Any]], limit_s: float, wait_s: float, rlimits: dict[str, int] | None = None
    ) -> Batch:
        """Have a whole batch judged and measure it.

        Args:
            limit_s: time limit of one program, in seconds as the peer counts them.
            wait_s: seconds to wait for the answer.
            rlimits: names of the resource module that the runner sets for itself and all it starts.

        Raises:
            EndedError, LateError: the runner can judge no more; close it.
        """
        self._send(json.dumps({"limit_s": limit_s, "jobs": jobs, "rlimits": rlimits or {}}))
        self._receive(START_S)
        cpu, began = tree_cpu_s(self.pid), time.monotonic()
        self._send("")
        answers = self._receive(wait_s)["answers"]
        return Batch(answers, tree_cpu_s(self.pid) - cpu, time.monotonic() - began)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise EndedError(self._read_errors()) from None

    def _receive(self, wait_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline, source = time.monotonic() + wait_s, self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise LateError
            data = os.read(source, 1 << 16)
            if not data:
                raise EndedError(self._read_errors())
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read_errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")[-1500:]

    def close(self, kill: bool = False) -> None:
        """End the runner and, where it is confined, everything in its sandbox."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if kill:
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
