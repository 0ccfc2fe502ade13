"""Convert inputs with expected outputs to tests: runs of a program, or calls where the row names a function."""

import ast
from collections.abc import Sequence

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.fields import defines
from tasks.ingest.records import Fields, decode_json

CALL_CONTEXT = """\
import bisect, collections, functools, heapq, itertools, math, re, string
from collections import Counter, OrderedDict, defaultdict, deque
from functools import lru_cache
from itertools import accumulate, combinations, permutations, product
from typing import *"""
"""Imports that APPS's own harness adds to every function; its starter code and solutions rely on `List`."""


def convert_cases(
    inputs: Sequence[object],
    outputs: Sequence[object],
    function: object,
    starter: str = "",
    references: Sequence[str] = (),
    unwrap: bool = True,
) -> tuple[str | None, Fields]:
    """Return (entry point, tests).

    Args:
        inputs: input of each run, or arguments of each call.
        outputs: expected output or result of each.
        function: name that is called; None or "" for programs on standard input and output.
        starter: code that the task begins with; it says whether the function is a method of `class Solution`.
        references: right programs; the first says the same where there is no starter code.
        unwrap: take a result out of its list where every result is a list of one, as APPS writes them.

    Raises:
        UnusableRecordError: there are no cases, their numbers differ, or a value has the wrong type.
    """
    if not inputs:
        raise UnusableRecordError("no_tests", "no inputs")
    if len(inputs) != len(outputs):
        raise UnusableRecordError("bad_tests", f"{len(inputs)} inputs and {len(outputs)} outputs")
    if function is None or function == "":
        pairs = zip(map(join_stream, inputs), map(join_stream, outputs), strict=True)
        return None, {"kind": "stdio", "cases": [{"input": text, "output": expected} for text, expected in pairs]}
    if not isinstance(function, str) or not function.isidentifier():
        raise UnusableRecordError("no_entry_point", f"fn_name is no name of a function: {function!a}")
    arguments, results = _read_calls(inputs, outputs)
    if _is_method(function, starter, references):
        calls = (f"Solution().{function}({', '.join(map(repr, values))})" for values in arguments)
        asserts = [f"assert {call} == {expected!r}" for call, expected in zip(calls, results, strict=True)]
        return "Solution", {"kind": "asserts", "asserts": asserts}
    if unwrap and all(isinstance(expected, list) and len(expected) == 1 for expected in results):
        results = [expected[0] for expected in results if isinstance(expected, list)]
    cases = [{"args": values, "expected": expected} for values, expected in zip(arguments, results, strict=True)]
    return function, {"kind": "calls", "cases": cases}


def join_stream(value: object) -> str:
    """Return a program's input or output as one text; it is written as a string or as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value) + "\n"
    raise UnusableRecordError("bad_tests", f"expected a string or a list of lines, got {type(value).__name__}")


def _read_calls(inputs: Sequence[object], outputs: Sequence[object]) -> tuple[list[list[object]], list[object]]:
    """Return (arguments of each call, results).

    Arguments are a list, or text with the JSON of one argument a line. Text of which one line is no JSON is an
    argument itself, in all calls of the row; so is any other value.
    """
    if all(isinstance(text, str) for text in inputs):
        lines = [_read_lines(str(text)) for text in inputs]
        if all(values is not None for values in lines):
            results = [_read_value(value) for value in outputs]
            return [values for values in lines if values is not None], results
    return [list(values) if isinstance(values, list) else [values] for values in inputs], list(outputs)


def _read_lines(text: str) -> list[object] | None:
    try:
        return [_decode(line) for line in text.split("\n") if line.strip()]
    except UnusableRecordError:
        return None


def _read_value(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return _decode(value)
    except UnusableRecordError:
        return value


def _decode(text: str) -> object:
    return decode_json(text.strip())


def _is_method(function: str, starter: str, references: Sequence[str]) -> bool:
    if "class Solution" in starter:
        return True
    code = references[0] if references and not starter.strip() else ""
    return defines(code, ast.ClassDef, "Solution") and not defines(code, ast.FunctionDef, function)
