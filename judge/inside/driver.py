"""Run tests against proxies of the candidate, and report each result on a pipe that only driver and judge hold.

The driver never sees the candidate's memory: values come over the wire as plain data or as proxies.
"""

import json
import os
import socket
from collections.abc import Callable
from typing import Any

from . import names, packages
from .asserts import FailedError
from .operations import perform_guarded
from .payload import TestsPayload
from .peer import GoneError, TamperedError, get_kind, text_of
from .proxy import NotPlainError
from .show import show

RaisedException = list[str | int | None]
"""[type, message, line of the program, errno] of an exception."""
Attempt = tuple[str, str, RaisedException | None]
"""(verdict, message, the exception that decided if one did)."""


class Driver:
    """One program's tests: fetches the names they use, runs them, reports what came of each."""

    def __init__(self, payload: TestsPayload, wire: socket.socket, results: int) -> None:
        self.payload = payload
        self.ends = packages.ends_class()
        self.peer = self.ends.peer = packages.peer_class(wire, self._serve, self.ends.remote)
        self._wire, self._results = wire, results
        self._lines: list[str] = []
        self.final: tuple[str, str] | None = None
        """Verdict and message of every further test, once the candidate is gone or not to be trusted."""

    def _serve(self, op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self.peer.has_exported(subject):
            raise TamperedError("a request for what was never handed over")
        return perform_guarded(op, subject, args, kwargs)

    def write(self, **record: object) -> None:
        """Add one record to the report."""
        self._lines.append(json.dumps(record) + "\n")

    def flush(self) -> None:
        """Send the records written so far to the judge."""
        data = "".join(self._lines).encode()
        self._lines.clear()
        while data:
            data = data[os.write(self._results, data) :]

    def fetch_names(self, asked: list[str] | None) -> dict[str, Any]:
        """Return the candidate's values of these names (None: all public ones); empty, with `final` set, on failure."""
        values: dict[str, Any] = {}

        def ask() -> None:
            answer = self.ends.ask("hello", None, (asked,))
            if type(answer) is not dict or not all(type(name) is str for name in answer):
                raise TamperedError("names of the wrong shape")
            # A name that was not asked for could replace the judge's own helpers, or choose which tests are loaded.
            values.update(
                {name: answer[name] for name in answer if (names.is_public(name) if asked is None else name in asked)}
            )

        verdict, message, exception = self.attempt(ask)
        if verdict == "passed":
            return values
        self.final = self.final or (verdict, message)
        self.write(fault=exception, load=True)
        return {}

    def attempt(self, test: Callable[[], object]) -> Attempt:
        """Run one test without reporting it; sets `final` where the candidate has gone or sent something malformed."""
        attempt = self._run_caught(test)
        # Not from what the test raised: a bare `except` in it swallows the end of the wire, too.
        if isinstance(self.ends.failure, GoneError):
            self.final = ("lost", "")
            self.flush()
        elif self.ends.failure is not None:
            self.final = ("failed", f"the answer could not be read: {self.ends.failure}")
            self.write(tampered=str(self.ends.failure))
        return attempt if self.final is None else (*self.final, None)

    def _run_caught(self, test: Callable[[], object]) -> Attempt:
        try:
            test()
        except FailedError as error:
            return "failed", _explain_failure(error) + self._locate(error), None
        except NotPlainError as error:
            return "failed", str(error) + self._locate(error), None
        except (GoneError, TamperedError) as error:
            self.ends.failure = self.ends.failure or error
        except BaseException as error:
            return self._classify(error)
        return "passed", "", None

    def _classify(self, error: BaseException) -> Attempt:
        """Return the verdict on an exception: of the candidate, which carries facts of the original, or of the test."""
        remote = "patchmill_name" in error.__dict__
        name = error.__dict__.get("patchmill_name", type(error).__name__)
        text = error.__dict__["patchmill_text"][:1000] if remote else text_of(error)
        if not remote and isinstance(error, AssertionError):
            return "failed", (text or "the assertion does not hold") + self._locate(error), None
        if remote and isinstance(error, SystemExit):
            return "exited", f"SystemExit: {text}" if text else "SystemExit", [name, text, None, None]
        if remote:
            line, number = error.__dict__.get("patchmill_line"), getattr(error, "errno", None)
            return "error", f"{name}: {text}{self._locate(error)}", [name, text, _keep_small(line), _keep_small(number)]
        place = self._locate(error) or " (raised in the test)"
        return "error", f"{name}: {text}{place}", [name, text, None, None]

    def _locate(self, error: BaseException) -> str:
        """Return the line that was running in a longer test, in words; a test that is one assert shows itself."""
        lines, line, step = self.payload.get("code", "").splitlines(), 0, error.__traceback__
        while step is not None:
            line = step.tb_lineno if step.tb_frame.f_code.co_filename == "<tests>" else line
            step = step.tb_next
        return f" (in the test: `{lines[line - 1].strip()[:300]}`)" if 0 < line <= len(lines) else ""

    def run(self, name: str, test: Callable[[], object]) -> None:
        """Run one test and report it; once `final` is set, report that without running the test."""
        if self.final is None:
            earlier, self.ends.notes = self.ends.notes, set()
            verdict, message, exception = self.attempt(test)
            asked = sorted(self.ends.notes - {"uncarried"})
            self.ends.notes |= earlier
            self.write(test=name, verdict=verdict, message=message, exception=exception, asked=asked)
        else:
            self.write(test=name, verdict=self.final[0], message=self.final[1], skipped=True)

    def finish(self) -> None:
        """Check that no unasked reply lies on the wire, then send the report."""
        if self.final is None:
            verdict, message, _ = self.attempt(lambda: self.ends.ask("ping", None))
            if verdict in ("failed", "error"):
                self.write(tampered=message)
            elif verdict == "passed":
                self._check_leftover()
        if self._has_uncarried():
            self.ends.notes.add("uncarried")
        self.write(done=True, notes=sorted(self.ends.notes))
        self.flush()

    def _has_uncarried(self) -> bool:
        """Return whether the tests handed over an object of their own that is neither plain data nor a function."""
        return any(get_kind(value) == "object" for value in self.peer.list_exported())

    def _check_leftover(self) -> None:
        try:
            data = self._wire.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.write(tampered="replies to questions that were not asked")


def _keep_small(number: object) -> int | None:
    """Return a line or errno; None for anything else, since JSON refuses integers of more than 4,300 digits."""
    return number if type(number) is int and 0 <= number < 1 << 31 else None


def _explain_failure(error: FailedError) -> str:
    text, _line, message = error.args
    return (
        str(text) if message is None else f"{text} ({show(message) if not isinstance(message, str) else message[:300]})"
    )
