"""Run a problem's checker on what a program gave: in a process of its own, which the program never reaches."""

import base64
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from .decoder import Decoder
from .payload import CheckedCase, ProgramPayload

FILE = "<checker>"


def run_checks(payload: ProgramPayload) -> NoReturn:
    """Call `check` for every case on stdin; write a line of JSON for each: its number, and True, False or a reason.

    A reason says what is wrong with the checker. What it prints goes to stderr.
    """
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.setrecursionlimit(5000)
    cases: list[CheckedCase] = json.loads(sys.stdin.buffer.read())
    space = types.ModuleType("checker").__dict__
    failure = _explain(lambda: exec(compile(payload["code"], FILE, "exec"), space))
    for number, case in enumerate(cases):
        answer = failure or _check(space, case)
        _write(answers, f"{json.dumps([number, answer])}\n".encode())
    os._exit(0)


def _check(space: dict[str, Any], case: CheckedCase) -> bool | str:
    check = space.get("check")
    if not callable(check):
        return "defines no function `check`"
    results: list[Any] = []
    failure = _explain(lambda: results.append(check(*_list_arguments(case))))
    if failure:
        return failure
    result = results[0]
    if type(result) is bool or (type(result).__module__ == "numpy" and type(result).__name__ in ("bool", "bool_")):
        return bool(result)
    return f"returned a value of type {type(result).__name__}, expected True or False"


def _list_arguments(case: CheckedCase) -> Iterator[Any]:
    """Yield the arguments of `check`: input and output; for a call also what was given by name, if anything was."""
    if "value" not in case:
        yield case["input"]
        yield case["output"]
        return
    yield case["args"]
    yield Decoder(_refuse).decode(base64.b64decode(case["value"]))
    if case["kwargs"]:
        yield case["kwargs"]


def _refuse(tag: bytes, fields: Any) -> NoReturn:
    raise ValueError("not plain data")


def _explain(run: Callable[[], object]) -> str:
    """Run code of the checker; return what it raised, and at which of its lines; empty if nothing."""
    try:
        run()
    except BaseException as error:
        line, step = 0, error.__traceback__
        while step is not None:
            line = step.tb_lineno if step.tb_frame.f_code.co_filename == FILE else line
            step = step.tb_next
        try:
            text = str(error)[:300]
        except BaseException:
            text = ""
        return f"raised {type(error).__name__}: {text}" + (f" at its line {line}" if line else "")
    return ""


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
