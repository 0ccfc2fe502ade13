"""Read fields of rows that people publish: under one of several names, as values or as JSON text."""

import ast
import re
from collections.abc import Sequence

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.records import Fields, decode_json
from tasks.reading.python_text import parse

_FENCE = re.compile(r"```[ \t]*(?:python3?|py)?[ \t]*\r?\n(.*?)```", re.DOTALL | re.IGNORECASE)


def read_text(row: Fields, *names: str) -> str:
    """Return the first of these fields that holds a string.

    Raises:
        UnusableRecordError: there is none, or it is no string.
    """
    for name in names:
        value = row.get(name)
        if value is not None:
            if not isinstance(value, str):
                raise UnusableRecordError("bad_value", f"{name}: expected a string, got {type(value).__name__}")
            return value
    raise UnusableRecordError("missing_field", f"{' or '.join(names)}: null or not there")


def read_optional_text(row: Fields, *names: str) -> str:
    """Return the first of these fields that holds a string with a visible character, or ""."""
    values = (row.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), "")


def read_id(row: Fields, number: int, *names: str) -> str:
    """Return the row's id as text: the first of these fields that holds one, or else the number of the row."""
    for name in names:
        value = row.get(name)
        if (isinstance(value, str) and value.strip()) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value).strip()
    return str(number)


def read_json(row: Fields, name: str) -> object:
    """Return a field as a value; text is read as JSON.

    Raises:
        UnusableRecordError: it is missing, or its text is no JSON.
    """
    value = row.get(name)
    if value is None or value == "":
        raise UnusableRecordError("missing_field", f"{name}: null or not there")
    if not isinstance(value, str):
        return value
    try:
        return decode_json(value, allow_nan=True)
    except UnusableRecordError as error:
        raise UnusableRecordError(error.reason, f"{name}: {error.detail}") from None


def read_strings(row: Fields, name: str) -> list[str]:
    """Return the strings of a field that is a list, or JSON text of one; [] where it is missing or holds none."""
    try:
        values = read_json(row, name)
    except UnusableRecordError:
        return []
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def list_references(codes: Sequence[str], at_most: int) -> list[str]:
    """Return the first programs that are Python 3 and differ, as many as asked for; code is taken out of Markdown."""
    references: list[str] = []
    for text in codes:
        code = text if is_program(text) else strip_fence(text)
        if code not in references and is_program(code):
            references.append(code)
        if len(references) == at_most:
            break
    return references


def is_program(code: str) -> bool:
    """Return whether the text is Python 3 with a statement in it."""
    tree = parse(code)
    return tree is not None and bool(tree.body)


def strip_fence(text: str) -> str:
    """Return the only or the longest block of a Markdown answer, or the text as it is where it has none."""
    blocks = _FENCE.findall(text)
    return str(max(blocks, key=len)) if blocks else text


def find_methods(starter: str) -> list[str]:
    """Return the methods of `class Solution` in starter code, which need not have bodies."""
    return re.findall(r"^[ \t]+def\s+(\w+)\s*\(\s*self", starter, re.MULTILINE) if "class Solution" in starter else []


def defines(code: str, kind: type[ast.FunctionDef] | type[ast.ClassDef], name: str) -> bool:
    """Return whether the top level of the code defines a function or a class of this name."""
    tree = parse(code)
    return tree is not None and any(isinstance(node, kind) and node.name == name for node in tree.body)


def build_prompt(question: str, function: str | None, starter: str) -> str:
    """Return the task in words, with the form of its answer: a program, the code to complete, or a function."""
    if not question.strip():
        return ""
    if function is None:
        task = "Write a program that reads standard input and writes standard output."
    elif starter.strip():
        task = f"Complete this code:\n\n{starter.strip()}"
    else:
        task = f"Write the function `{function}`."
    return f"{question.strip()}\n\n{task}"
