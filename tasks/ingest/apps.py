"""APPS: a folder per problem; programs on stdin and stdout, functions, and methods of `class Solution`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.errors import ConfigError
from tasks.ingest.dropped import Dropped, Found, UnusableError, dropped
from tasks.ingest.lines import naming
from tasks.ingest.records import Fields, decoded_text, problem, required
from tasks.ingest.settings import AppsSource
from tasks.reading.problem import Problem
from tasks.reading.python_text import parse

CONTEXT = """\
import bisect, collections, functools, heapq, itertools, math, re, string
from collections import Counter, OrderedDict, defaultdict, deque
from functools import lru_cache
from itertools import accumulate, combinations, permutations, product
from typing import *"""
"""What APPS's own harness imports for every function; its starter code and solutions take `List` for granted."""
_FIX = "expected APPS's folder train/ or test/, with a subfolder 0000/, 0001/ ... per problem"


def read(settings: AppsSource) -> Iterator[Found]:
    """APPS's problems in order of folder; raises ConfigError where there is no such folder or it holds none."""
    with naming(settings.path, "apps path", _FIX):
        folders = _folders(settings.path)
        if not folders:
            raise ConfigError(f"{settings.path}: no problem folders in it (apps path); {_FIX}")
        for folder in folders:
            where = f"{folder.parent.name}/{folder.name}"
            try:
                made: Problem | Dropped = problem(_fields(folder, where, settings))
            except UnusableError as bad:
                made = dropped(settings.name, where, bad, _raw(folder), where)
            yield where, made


def _folders(path: Path) -> list[Path]:
    here = sorted(folder for folder in path.iterdir() if folder.name.isdigit() and folder.is_dir())
    return here or sorted(folder for folder in path.glob("*/*") if folder.name.isdigit() and folder.is_dir())


def _fields(folder: Path, where: str, settings: AppsSource) -> Fields:
    starter = _text(folder / "starter_code.py") if (folder / "starter_code.py").exists() else ""
    tests_json = decoded_text(_text(folder / "input_output.json"))
    metadata = decoded_text(_text(folder / "metadata.json")) if (folder / "metadata.json").exists() else {}
    solutions = decoded_text(_text(folder / "solutions.json")) if (folder / "solutions.json").exists() else []
    if not isinstance(tests_json, dict):
        raise UnusableError("bad_value", "input_output.json: expected an object")
    function = tests_json.get("fn_name")
    entry_point, tests = _tests(tests_json, function, starter)
    url = metadata.get("url") if isinstance(metadata, dict) else None
    return {
        "source": settings.name,
        "source_id": where,
        "prompt": _prompt(_text(folder / "question.txt"), function, starter),
        "entry_point": entry_point,
        "tests": tests,
        "context": CONTEXT if function is not None else "",
        "reference": _reference(solutions),
        "licence": settings.licence,
        "origin": url or where,
    }


def _tests(row: Fields, function: object, starter: str) -> tuple[str | None, Fields]:
    """The entry point and the tests; of the three forms in which APPS writes a call's result, the one meant."""
    inputs, outputs = required(row, "inputs", list), required(row, "outputs", list)
    if not inputs:
        raise UnusableError("no_tests", "input_output.json: no inputs")
    if len(inputs) != len(outputs):
        raise UnusableError("bad_tests", f"input_output.json: {len(inputs)} inputs and {len(outputs)} outputs")
    if function is None:
        cases = [{"input": _stream(i), "output": _stream(o)} for i, o in zip(inputs, outputs, strict=True)]
        return None, {"kind": "stdio", "cases": cases}
    if not isinstance(function, str) or not function.isidentifier():
        raise UnusableError("no_entry_point", "input_output.json: fn_name is no name of a function")
    if not all(isinstance(arguments, list) for arguments in inputs):
        raise UnusableError("bad_tests", "input_output.json: expected a list of arguments per call")
    if "class Solution" in starter:
        calls = (f"Solution().{function}({', '.join(map(repr, arguments))})" for arguments in inputs)
        asserts = [f"assert {call} == {expected!r}" for call, expected in zip(calls, outputs, strict=True)]
        return "Solution", {"kind": "asserts", "asserts": asserts}
    if all(isinstance(expected, list) and len(expected) == 1 for expected in outputs):
        outputs = [expected[0] for expected in outputs]  # functions come with each result in a list of its own
    cases = [{"args": arguments, "expected": expected} for arguments, expected in zip(inputs, outputs, strict=True)]
    return function, {"kind": "calls", "cases": cases}


def _stream(value: Any) -> str:
    """What a program reads or writes: a string, or a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value) + "\n"
    raise UnusableError("bad_tests", "input_output.json: expected a string or a list of lines")


def _prompt(question: str, function: object, starter: str) -> str:
    if not question.strip():
        return ""
    if function is None:
        form = "Write a program that reads standard input and writes standard output."
    elif starter.strip():
        form = f"Complete this code:\n\n{starter.strip()}"
    else:
        form = f"Write the function `{function}`."
    return f"{question.strip()}\n\n{form}"


def _reference(solutions: object) -> str | None:
    """The first solution that is Python 3; some are Python 2."""
    codes = solutions if isinstance(solutions, list) else []
    return next((code for code in codes if isinstance(code, str) and _runs(code)), None)


def _runs(code: str) -> bool:
    tree = parse(code)
    return tree is not None and bool(tree.body)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UnusableError("missing_field", f"{file.name}: no such file") from None
    except UnicodeDecodeError as error:
        raise UnusableError("not_utf8", f"{file.name}: byte {error.start} is no UTF-8") from None


def _raw(folder: Path) -> bytes:
    """The question where there is one, to know the problem by."""
    question = folder / "question.txt"
    return (
        question.read_bytes() if question.is_file() else json.dumps(sorted(f.name for f in folder.iterdir())).encode()
    )
