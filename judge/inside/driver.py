"""The driver's process: runs the tests, each against proxies, and reports each result on a pipe of its own."""

import array
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

from . import names, packages
from .asserts import FailedError
from .operations import guarded
from .payload import take
from .peer import GoneError, TamperedError, kind_of
from .proxy import NotPlainError
from .show import show
from .zygote import WIRE


class Driver:
    """Names of the candidate, and the report on what came of each test."""

    def __init__(self, payload: dict[str, Any], wire: socket.socket, results: int) -> None:
        self.payload = payload
        self.ends = packages.ends()
        self.peer = self.ends.peer = packages.peer(wire, self._serve, self.ends.remote)
        self._wire, self._results = wire, results
        self._lines: list[str] = []
        self.over: tuple[str, str] | None = None
        """Verdict and message of every further test, once the candidate is gone or not to be trusted."""

    def _serve(self, op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self.peer.gave(subject):
            raise TamperedError("a request for what was never handed over")
        return guarded(op, subject, args, kwargs)

    def write(self, **record: Any) -> None:
        self._lines.append(json.dumps(record) + "\n")

    def flush(self) -> None:
        data = "".join(self._lines).encode()
        self._lines.clear()
        while data:
            data = data[os.write(self._results, data) :]

    def hello(self, wanted: list[str] | None) -> dict[str, Any]:
        """The candidate's values of these names (None: all public ones); empty, with `over` set, where it broke."""
        found: list[dict[str, Any]] = []

        def ask() -> None:
            value = self.ends.ask("hello", None, (wanted,))
            if type(value) is not dict or not all(type(name) is str for name in value):
                raise TamperedError("names of the wrong shape")
            # What was not asked for could take the place of the judge's own helpers, or choose which tests are loaded.
            found.append(
                {name: value[name] for name in value if (names.public(name) if wanted is None else name in wanted)}
            )

        verdict, message, exception = self.attempt(ask)
        if verdict == "passed":
            return found[0]
        self.over = self.over or (verdict, message)
        self.write(fault=exception, load=True)
        return {}

    def attempt(self, test: Callable[[], Any]) -> tuple[str, str, list[Any] | None]:
        """Run one test; (verdict, message, [type, message, line, errno] of the exception if one decided)."""
        found = self._tried(test)
        # Not from what the test raised: a bare `except` in it swallows the end of the wire, too.
        if isinstance(self.ends.over, GoneError):
            self.over = ("lost", "")
            self.flush()
        elif self.ends.over is not None:
            self.over = ("failed", f"the answer could not be read: {self.ends.over}")
            self.write(tampered=str(self.ends.over))
        return found if self.over is None else (*self.over, None)

    def _tried(self, test: Callable[[], Any]) -> tuple[str, str, list[Any] | None]:
        try:
            test()
        except FailedError as error:
            return "failed", _failed(error) + self._where(error), None
        except NotPlainError as error:
            return "failed", str(error) + self._where(error), None
        except (GoneError, TamperedError) as error:
            self.ends.over = self.ends.over or error
        except BaseException as error:
            return self._raised(error)
        return "passed", "", None

    def _raised(self, error: BaseException) -> tuple[str, str, list[Any] | None]:
        remote = "patchmill_name" in error.__dict__
        name = error.__dict__.get("patchmill_name", type(error).__name__)
        text = error.__dict__["patchmill_text"][:1000] if remote else _text(error)
        if not remote and isinstance(error, AssertionError):
            return "failed", (text or "the assertion does not hold") + self._where(error), None
        if remote and isinstance(error, SystemExit):
            return "exited", f"SystemExit: {text}" if text else "SystemExit", [name, text, None, None]
        if remote:
            line, number = error.__dict__.get("patchmill_line"), getattr(error, "errno", None)
            return "error", f"{name}: {text}{self._where(error)}", [name, text, _small(line), _small(number)]
        where = self._where(error) or " (raised in the test)"
        return "error", f"{name}: {text}{where}", [name, text, None, None]

    def _where(self, error: BaseException) -> str:
        """The line of a longer test that was running; a test that is one assert shows itself."""
        lines, line, step = self.payload.get("code", "").splitlines(), 0, error.__traceback__
        while step is not None:
            line = step.tb_lineno if step.tb_frame.f_code.co_filename == "<tests>" else line
            step = step.tb_next
        return f" (in the test: `{lines[line - 1].strip()[:300]}`)" if 0 < line <= len(lines) else ""

    def run(self, name: str, test: Callable[[], Any]) -> None:
        """Run one test and record it, unless all is over."""
        if self.over is None:
            verdict, message, exception = self.attempt(test)
            self.write(test=name, verdict=verdict, message=message, exception=exception)
        else:
            self.write(test=name, verdict=self.over[0], message=self.over[1], skipped=True)

    def finish(self) -> None:
        """Make sure that nothing unasked-for lies on the wire, then send everything."""
        if self.over is None:
            verdict, message, _ = self.attempt(lambda: self.ends.ask("ping", None))
            if verdict in ("failed", "error"):
                self.write(tampered=message)
            elif verdict == "passed":
                self._leftover()
        if self._uncarried():
            self.ends.notes.add("uncarried")
        self.write(done=True, notes=sorted(self.ends.notes))
        self.flush()

    def _uncarried(self) -> bool:
        """Whether the tests handed over an object of theirs that is no plain data and no function."""
        return any(kind_of(value) == "object" for value in self.peer.given())

    def _leftover(self) -> None:
        try:
            data = self._wire.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.write(tampered="replies to questions that were not asked")


def _text(error: BaseException) -> str:
    """What an exception of the test says; it may hold an object of the candidate's, which then answers for itself."""
    try:
        return str(error)[:1000]
    except BaseException:
        return ""


def _small(number: Any) -> int | None:
    """A line or an errno; JSON refuses integers of more than 4,300 digits."""
    return number if type(number) is int and 0 <= number < 1 << 31 else None


def _failed(error: FailedError) -> str:
    text, _line, says = error.args
    return str(text) if says is None else f"{text} ({show(says) if not isinstance(says, str) else says[:300]})"


def main() -> None:
    """Run the tests of one program after another; each comes with its wire, its results pipe and its payload."""
    from . import kinds

    sys.setrecursionlimit(5000)
    packages.reseed()
    control = socket.socket(fileno=WIRE)
    while True:
        data, extra, _, _ = control.recvmsg(64, socket.CMSG_SPACE(12))
        if not data:
            os._exit(0)
        fds = array.array("i", extra[0][2])
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = int(used.ru_utime + used.ru_stime) + int(data)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        with socket.socket(fileno=fds[0]) as wire:
            driver = Driver(take(fds[2]), wire, fds[1])
            packages.supply(driver.payload)
            try:
                kinds.RUN[driver.payload["kind"]](driver)
            except SyntaxError as error:
                driver.write(broken=f"the tests are no Python: {error}")
            driver.finish()
        os.close(fds[1])
