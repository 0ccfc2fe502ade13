"""Read APPS: a folder per problem; programs on stdin and stdout, functions, and methods of `class Solution`."""

import json
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.lines import translate_errors
from tasks.ingest.records import Fields, build_problem, decode_json, require_field
from tasks.ingest.settings import AppsSource
from tasks.reading.problem import Problem
from tasks.reading.python_text import parse

CONTEXT = """\
import bisect, collections, functools, heapq, itertools, math, re, string
from collections import Counter, OrderedDict, defaultdict, deque
from functools import lru_cache
from itertools import accumulate, combinations, permutations, product
from typing import *"""
"""Imports that APPS's own harness adds to every function; its starter code and solutions rely on `List`."""
_FIX = "expected APPS's folder train/ or test/, with a subfolder 0000/, 0001/ ... per problem"


def read_apps(settings: AppsSource) -> Iterator[SourceRecord]:
    """Read APPS's problems in order of folder.

    Raises:
        ConfigError: the folder is missing or holds no problem folders.
    """
    with translate_errors(settings.path, "apps path", _FIX):
        folders = _list_folders(settings.path)
        if not folders:
            raise ConfigError(f"{settings.path}: no problem folders in it (apps path); {_FIX}", field="path")
        for folder in folders:
            where = f"{folder.parent.name}/{folder.name}"
            try:
                record: Problem | DroppedRecord = build_problem(_read_fields(folder, where, settings))
            except UnusableRecordError as error:
                record = drop_record(settings.name, where, error, _read_excerpt(folder), where)
            yield where, record


def _list_folders(path: Path) -> list[Path]:
    folders = sorted(folder for folder in path.iterdir() if folder.name.isdigit() and folder.is_dir())
    return folders or sorted(folder for folder in path.glob("*/*") if folder.name.isdigit() and folder.is_dir())


def _read_fields(folder: Path, where: str, settings: AppsSource) -> Fields:
    starter = _read_text(folder / "starter_code.py") if (folder / "starter_code.py").exists() else ""
    tests_fields = decode_json(_read_text(folder / "input_output.json"))
    metadata = decode_json(_read_text(folder / "metadata.json")) if (folder / "metadata.json").exists() else {}
    solutions = decode_json(_read_text(folder / "solutions.json")) if (folder / "solutions.json").exists() else []
    if not isinstance(tests_fields, dict):
        raise UnusableRecordError("bad_value", "input_output.json: expected an object")
    function = tests_fields.get("fn_name")
    entry_point, tests = _convert_tests(tests_fields, function, starter)
    url = metadata.get("url") if isinstance(metadata, dict) else None
    return {
        "source": settings.name,
        "source_id": where,
        "prompt": _build_prompt(_read_text(folder / "question.txt"), function, starter),
        "entry_point": entry_point,
        "tests": tests,
        "context": CONTEXT if function is not None else "",
        "reference": _choose_reference(solutions),
        "licence": settings.licence,
        "origin": url or where,
    }


def _convert_tests(fields: Fields, function: object, starter: str) -> tuple[str | None, Fields]:
    """Return (entry point, tests).

    APPS writes the result of a call bare or in a list of one. All tests of a problem share one form: methods are
    compared with the result as it stands, functions with the single element where every result is a list of one.
    """
    inputs, outputs = require_field(fields, "inputs", list), require_field(fields, "outputs", list)
    if not inputs:
        raise UnusableRecordError("no_tests", "input_output.json: no inputs")
    if len(inputs) != len(outputs):
        raise UnusableRecordError("bad_tests", f"input_output.json: {len(inputs)} inputs and {len(outputs)} outputs")
    if function is None:
        streams = [
            {"input": _join_stream(text), "output": _join_stream(expected)}
            for text, expected in zip(inputs, outputs, strict=True)
        ]
        return None, {"kind": "stdio", "cases": streams}
    if not isinstance(function, str) or not function.isidentifier():
        raise UnusableRecordError("no_entry_point", "input_output.json: fn_name is no name of a function")
    if not all(isinstance(arguments, list) for arguments in inputs):
        raise UnusableRecordError("bad_tests", "input_output.json: expected a list of arguments per call")
    if "class Solution" in starter:
        calls = (f"Solution().{function}({', '.join(map(repr, arguments))})" for arguments in inputs)
        asserts = [f"assert {call} == {expected!r}" for call, expected in zip(calls, outputs, strict=True)]
        return "Solution", {"kind": "asserts", "asserts": asserts}
    if all(isinstance(expected, list) and len(expected) == 1 for expected in outputs):
        outputs = [expected[0] for expected in outputs]
    cases = [{"args": arguments, "expected": expected} for arguments, expected in zip(inputs, outputs, strict=True)]
    return function, {"kind": "calls", "cases": cases}


def _join_stream(value: object) -> str:
    """Return a program's input or output as one text; APPS writes it as a string or as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value) + "\n"
    raise UnusableRecordError("bad_tests", "input_output.json: expected a string or a list of lines")


def _build_prompt(question: str, function: object, starter: str) -> str:
    if not question.strip():
        return ""
    if function is None:
        task = "Write a program that reads standard input and writes standard output."
    elif starter.strip():
        task = f"Complete this code:\n\n{starter.strip()}"
    else:
        task = f"Write the function `{function}`."
    return f"{question.strip()}\n\n{task}"


def _choose_reference(solutions: object) -> str | None:
    """Return the first solution that is Python 3, since some are Python 2; None where there is none."""
    codes = solutions if isinstance(solutions, list) else []
    return next((code for code in codes if isinstance(code, str) and _is_program(code)), None)


def _is_program(code: str) -> bool:
    tree = parse(code)
    return tree is not None and bool(tree.body)


def _read_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UnusableRecordError("missing_field", f"{file.name}: no such file") from None
    except UnicodeDecodeError as error:
        raise UnusableRecordError("not_utf8", f"{file.name}: byte {error.start} is no UTF-8") from None


def _read_excerpt(folder: Path) -> bytes:
    """Return the question, or else the names of the folder's files, to recognise the problem by."""
    question = folder / "question.txt"
    if question.is_file():
        return question.read_bytes()
    return json.dumps(sorted(file.name for file in folder.iterdir())).encode()
