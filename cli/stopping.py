"""Ctrl-C and SIGTERM: a command ends within seconds, with one line, and leaves nothing behind.

The main thread may wait deep inside a library, for a model or a query. So another thread waits for the byte that
Python writes as soon as a signal arrives, and ends the process in these steps, none of which waits long:

1. Nothing of this process writes to the terminal any more, and no commit begins; a commit under way ends.
2. The main thread gets a KeyboardInterrupt, and time to remove what it has begun, such as a half-written file.
3. Models are closed, and leases released.
4. Child processes are killed. A model server's supervisor is left to end its server in good order.
5. Temporary folders and cgroups are removed, the line is written, and the process exits with 128 + signal.
"""

import contextlib
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

COMMIT_S, UNWIND_S, CLOSE_S, KILL_S = 0.8, 1.0, 0.8, 0.8
"""How long each step may take: together less than 5 s, also on a busy machine."""
NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
SHOW_CURSOR, CLEAR_LINE = "\x1b[?25h", "\r\x1b[K"


class Stopper:
    """Ends this process after the first SIGINT or SIGTERM."""

    def __init__(self) -> None:
        """Install the handlers; must run in the main thread."""
        self.advice = ""
        """Follows the words of the line: what the user may rely on."""
        self._receiver, self._sender = os.pipe()
        os.set_blocking(self._sender, False)
        self._stopping = threading.Lock()
        """Acquired by the first signal, and never released."""
        self._main_ended = threading.Event()
        self._terminal = -1
        self._numbers = [number for number in NAMES if signal.getsignal(number) is not signal.SIG_IGN]
        """A shell starts jobs of the background with Ctrl-C ignored; that stays so."""
        self.install()
        threading.Thread(target=self._wait, name="stopper", daemon=True).start()
        os.register_at_fork(after_in_child=_restore_defaults)

    def install(self) -> None:
        """Put the handlers in place: again, after a library has taken theirs."""
        for number in self._numbers:
            signal.signal(number, self._handle)
        signal.set_wakeup_fd(self._sender, warn_on_full_buffer=False)

    def wait_if_stopping(self) -> None:
        """Called at the end of the main thread: where a signal came before, the other thread ends the process."""
        self._main_ended.set()
        while self._stopping.locked():
            time.sleep(UNWIND_S)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal in the main thread, once that runs Python; other threads never do."""
        with contextlib.suppress(BlockingIOError):  # also called where the byte was read by others
            os.write(self._sender, bytes([number]))
        self._silence()
        if not self._main_ended.is_set():
            raise KeyboardInterrupt

    def _wait(self) -> None:
        while number := os.read(self._receiver, 1)[0]:
            if number in NAMES:
                self._stop(signal.Signals(number))

    def _silence(self) -> None:
        """Let no thread write to the terminal any more: bars, logs, tracebacks of interrupted libraries."""
        if self._stopping.acquire(blocking=False):
            self._terminal = os.dup(2)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)

    def _stop(self, number: signal.Signals) -> NoReturn:
        self._silence()
        try:
            _close_gate()
            self._main_ended.wait(UNWIND_S)
            _in_time(CLOSE_S, [*_closers(), _release_leases])
            _kill_children()
            _remove_folders()
        finally:
            on_terminal = os.isatty(self._terminal)
            line = f"patchmill: stopped by {NAMES[number]}{self.advice}\n"
            with contextlib.suppress(OSError):
                os.write(self._terminal, f"{SHOW_CURSOR + CLEAR_LINE if on_terminal else ''}{line}".encode())
            os._exit(128 + number)


_stopper: Stopper | None = None


def install() -> Stopper:
    """Handle the signals of this process from now on."""
    global _stopper
    _stopper = _stopper or Stopper()
    return _stopper


def advise(words: str) -> None:
    """Say after "stopped by Ctrl-C" what the user may rely on; for the rest of this command."""
    if _stopper is not None:
        _stopper.advice = f": {words}"


@contextlib.contextmanager
def ctrl_c_interrupts() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt in the body and nothing more, as a prompt needs it."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or _stopper is None or not callable(before):
        yield
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        _stopper.install()


def _restore_defaults() -> None:
    """Let a forked child die of its signals: its bytes would end the parent."""
    if threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _loaded(module: str, name: str) -> Callable[..., object] | None:
    """Return a function of a module that this process uses; None where it has never imported it."""
    return getattr(sys.modules.get(module), name, None)


def _close_gate() -> None:
    if close_gate := _loaded("storage.commit_gate", "close_gate"):
        close_gate(COMMIT_S)


def _closers() -> list[Callable[[], object]]:
    """Return what closes each model: a server of this process's own is told to end."""
    if "tasks.running.effects" not in sys.modules:
        return []
    from tasks.running.effects import opened_models

    return [model.close for model in opened_models()]


def _release_leases() -> None:
    if release_all := _loaded("storage.locks.held", "release_all"):
        release_all()


def _in_time(seconds: float, actions: list[Callable[[], object]]) -> None:
    """Run actions side by side, and go on after some seconds whether they ended or not."""
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _kill_children() -> None:
    """Kill all descendants, again and again: threads of a judge may just start another one."""
    if "subprocess" not in sys.modules and "psutil" not in sys.modules:
        return
    import psutil

    deadline = time.monotonic() + KILL_S
    while (children := _children()) and time.monotonic() < deadline:
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        psutil.wait_procs(children, timeout=0.2)


def _children() -> "list[psutil.Process]":  # type: ignore[name-defined]  # noqa: F821
    """Return all descendants but supervisors of model servers, and what these supervise."""
    import psutil

    spared: set[int] = set()
    children: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):  # parents come first
        try:
            if child.ppid() in spared or any(word.endswith("tasks/models/supervisor.py") for word in child.cmdline()):
                spared.add(child.pid)
            elif child.status() != psutil.STATUS_ZOMBIE:
                children.append(child)
        except psutil.Error:
            continue
    return children


def _remove_folders() -> None:
    if remove_live := _loaded("judge.cgroup", "remove_live"):
        remove_live()
    for item in gc.get_objects():
        if type(item) is tempfile.TemporaryDirectory:  # isinstance asks proxies for their class
            shutil.rmtree(item.name, ignore_errors=True)
    shutil.rmtree(Path(tempfile.gettempdir()) / f"patchmill-{os.getpid()}", ignore_errors=True)  # of storage/catalog.py
