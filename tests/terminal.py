"""A command on a pseudo-terminal of its own, in a process group of its own, as a shell starts it."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.waiting import until

ROOT = Path(__file__).parents[1]
LAUNCH = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored, where the tests run in the background
os.execv(sys.executable, [sys.executable, "-c", "from cli.main import main; main()", *sys.argv[1:]])
"""
CTRL_C = b"\x03"


class Terminal:
    """A running command, and what it has written."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self.descendants: dict[int, psutil.Process] = {}
        """Every process that `note_descendants` has seen below the command."""
        self._descriptor = descriptor
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """The output so far, without the codes that move the cursor."""
        return re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", self._output.decode(errors="replace"))

    def press(self, number: signal.Signals) -> None:
        """Press Ctrl-C at the terminal, or send SIGTERM to the command alone."""
        self.note_descendants()
        self._output.clear()
        if number == signal.SIGINT:
            os.write(self._descriptor, CTRL_C)
        else:
            self.process.send_signal(number)

    def wait(self, timeout_s: float) -> tuple[int, float]:
        """Wait for the end; return the exit status and the seconds that it took."""
        began = time.monotonic()
        status = self.process.wait(timeout_s)
        seconds = time.monotonic() - began
        self._reader.join(10)
        return status, seconds

    def lines_after_press(self) -> list[str]:
        """Return the lines written since the signal, each as it stands on the terminal in the end, without bars."""
        shown = (line.rstrip("\r").rsplit("\r", 1)[-1].replace("^C", "") for line in self.text.split("\n"))
        return [line for line in shown if line.strip()]

    def note_descendants(self) -> None:
        """Remember the processes below the command."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self.descendants[child.pid] = child

    def survivors(self) -> list[psutil.Process]:
        """Return the descendants that are alive."""
        return [child for child in self.descendants.values() if child.is_running() and not _is_zombie(child)]

    def wait_for_program(self) -> None:
        """Wait until the command judges a program in the sandbox."""

        def runs_bwrap() -> bool:
            self.note_descendants()
            return any("bwrap" in _name(child) for child in self.survivors())

        until(runs_bwrap, "a program in the sandbox")

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the last process that had the terminal open has ended
            while data := os.read(self._descriptor, 65536):
                self._output += data


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


@contextmanager
def open_terminal(*arguments: object, environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Run `patchmill` with some arguments; end it after the body."""
    descriptor, child_descriptor = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *map(str, arguments)], cwd=ROOT,
        stdin=child_descriptor, stdout=child_descriptor, stderr=child_descriptor,
        env={**os.environ, "TERM": "xterm", **(environment or {})}, start_new_session=True,
    )  # fmt: skip
    os.close(child_descriptor)
    terminal = Terminal(process, descriptor)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        os.close(descriptor)
