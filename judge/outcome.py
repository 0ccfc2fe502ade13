"""The facts of one run of a program, from which its verdict is decided."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict, cast

SIGKILL, SIGSYS = 9, 31  # the filter turns a program's SIGKILL to itself into SIGSYS (inside/seccomp.py)
Stop = Literal["timeout", "memory", "output", "processes", "files"]
RaisedException = Sequence[str | int | None]
"""[type, message, line of the program, errno] of an exception; the last two may be None."""


class DriverRecord(TypedDict, total=False):
    """One line of the driver's report (inside/driver.py)."""

    test: str
    verdict: str
    """Of a test: `passed`, `failed`, `error`, `exited`, or `lost` where the candidate ended before it answered."""
    message: str
    exception: RaisedException | None
    skipped: bool
    """The test was not run, since an earlier one ended everything."""
    load: bool
    """Marks a report about loading the program or the tests, with the exception in `fault`."""
    fault: RaisedException | None
    plan: list[str]
    """Names of all tests, where only the driver knows them."""
    asked: list[str]
    """Questions that objects of the program answered in a test."""
    torn: str
    """Fixture of unittest that failed after its last test, and how."""
    infra: str
    """Fault of the judge's own code, before any code of the program."""
    omitted: bool
    """The test skipped itself; its verdict is then `passed`."""
    lines: list[int]
    """Lines of the test code in which the test failed."""
    nonce: str
    tampered: str
    """Sign that the program broke the protocol."""
    broken: str
    """Reason why the tests themselves cannot be run."""
    value: str
    """What a call returned, in the codec's bytes as base64; for a checker."""
    done: bool
    notes: list[str]


def parse_record(line: bytes | bytearray) -> DriverRecord | None:
    """Parse one line of the report; None for a line of another shape, which a program can write natively."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not all(_is_valid(name, value) for name, value in record.items()):
        return None
    if "test" in record and not {"verdict", "message"} <= record.keys():
        return None
    return cast(DriverRecord, record)


def _is_valid(name: str, value: object) -> bool:
    match name:
        case "test" | "verdict" | "message" | "value" | "tampered" | "broken" | "nonce" | "torn" | "infra":
            return isinstance(value, str)
        case "skipped" | "load" | "done" | "omitted":
            return isinstance(value, bool)
        case "exception" | "fault":
            return value is None or (isinstance(value, list) and len(value) == 4)
        case "plan" | "notes" | "asked":
            return isinstance(value, list) and all(isinstance(part, str) for part in value)
        case "lines":
            return isinstance(value, list) and all(isinstance(part, int) for part in value)
    return True  # never read


@dataclass
class Outcome:
    """The facts of one run, seen from outside the candidate except `records` (driver) and `report` (candidate)."""

    stop: Stop | None = None
    """The limit that was exceeded, if one was."""
    why: str = ""
    """That limit in words, for people."""
    status: int | None = None
    """wait4 status of the candidate's first process, if it ended by itself; None if the judge ended it."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    peak_processes: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    records: list[DriverRecord] = field(default_factory=list)
    """The driver's report, in order."""
    report: RaisedException | None = None
    """The exception that a whole program reports."""
    driver_died: str = ""
    """Reason why the driver did not finish; empty if it did."""

    @property
    def signal(self) -> int | None:
        """Signal that ended the candidate; None if it ended otherwise or the judge ended it."""
        signal = self.status & 0x7F if self.status is not None else 0
        return SIGKILL if signal == SIGSYS else signal or None

    @property
    def ending(self) -> str:
        """The way in which the candidate ended by itself, in words."""
        if self.status is None:
            return "the program closed its connection"
        if self.signal:
            return f"the program was ended by signal {self.signal}"
        return f"the program ended with exit code {self.status >> 8}"
