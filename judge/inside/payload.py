"""The payload of a job: JSON in a memory file, which the judge writes (judge/plan.py) and the job reads."""

import json
import os
from typing import Any, TypedDict

from .descriptors import PAYLOAD

OTHER = "_other_value"
"""Name of the function that gives another value than the expected one, in controls that have no constant to change."""


class CallCase(TypedDict):
    """One call of the entry point, and the JSON value that it must return."""

    args: list[Any]
    kwargs: dict[str, Any]
    expected: Any


class CheckedCase(TypedDict, total=False):
    """What a checker is given: input and output of a program, or arguments of a call and what it returned."""

    input: str
    output: str
    args: list[Any]
    kwargs: dict[str, Any]
    value: str
    """In the codec's bytes, as base64."""


class TestsPayload(TypedDict, total=False):
    """The tests of one program; `kind` says which of the other keys are there."""

    kind: str
    entry: str | None
    setup: str
    asserts: list[str]
    code: str
    cases: list[CallCase]
    methods: list[str]
    calls: list[str]


class ProgramPayload(TypedDict, total=False):
    """The program of one job."""

    code: str
    context: str
    main: bool
    """The program runs as `__main__`, on stdin and stdout."""
    checker: bool
    """The code is a problem's checker, and stdin holds its cases (checking.py)."""
    tests: TestsPayload
    """Only there where the tests run in the program's own process."""
    nonce: str
    """Stands in every record of such a run: a program cannot know it in advance."""


def read_payload(fd: int = PAYLOAD) -> Any:
    """Read the JSON and close the descriptor, so that nothing the job runs finds it open."""
    size = os.fstat(fd).st_size
    data, at = bytearray(), 0
    while at < size:
        part = os.pread(fd, size - at, at)
        if not part:
            break
        data += part
        at += len(part)
    os.close(fd)
    return json.loads(data)
