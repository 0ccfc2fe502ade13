"""Asserts as lists or JSON text: AceCode and OpenCodeInstruct."""

import ast
from collections.abc import Sequence

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.fields import list_references, read_id, read_json, read_optional_text, read_strings, read_text
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormSource
from tasks.reading.python_text import copy_imports, find_entry_point, parse, split_asserts


def convert_acecode(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of AceCode; answers of its models that passed all its tests are references."""
    inferences = row.get("inferences")
    answers = [
        answer.get("completion")
        for answer in (inferences if isinstance(inferences, list) else [])
        if isinstance(answer, dict) and answer.get("pass_rate") == 1
    ]
    references = list_references([text for text in answers if isinstance(text, str)], settings.references)
    entry_point, tests = convert_asserts(_read_asserts(row, "test_cases"), references)
    return {
        "source_id": read_id(row, number, "id"),
        "prompt": read_text(row, "question").strip(),
        "entry_point": entry_point,
        "tests": tests,
        "references": references,
    }


def convert_opencodeinstruct(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of OpenCodeInstruct; its answer is a reference where it passed every test."""
    statuses = read_strings(row, "tests_execution_status")
    is_right = all(status == "pass" for status in statuses)
    if not statuses:
        is_right = str(row.get("average_test_score", 1)) in ("1", "1.0", "1.00")
    answer = read_optional_text(row, "output")
    references = list_references([answer], settings.references) if is_right and answer else []
    entry_point, tests = convert_asserts(_read_asserts(row, "unit_tests"), references)
    return {
        "source_id": read_id(row, number, "id"),
        "prompt": read_text(row, "input").strip(),
        "entry_point": entry_point,
        "tests": tests,
        "references": references,
    }


def convert_asserts(texts: Sequence[str], references: Sequence[str]) -> tuple[str, Fields]:
    """Return (entry point, tests) of asserts; a text without an assert becomes setup.

    Raises:
        UnusableRecordError: there is no assert, one is no Python 3, or they call no function in common.
    """
    setups: list[str] = []
    asserts: list[str] = []
    for part in (part for text in texts for part in _split_script(text.strip())):
        target = asserts if _holds_assert(part) else setups
        target += [part] if part not in target else []
    if not asserts:
        raise UnusableRecordError("no_tests", "expected at least one assert")
    reference = references[0] if references else None
    name = find_entry_point(reference, tuple(asserts)) or find_entry_point(None, tuple(asserts))
    if name is None:
        raise UnusableRecordError("no_entry_point", "no function is called by every assert")
    imports = copy_imports(reference, "\n".join((*setups, *asserts))) if reference else ""
    return name, {"kind": "asserts", "setup": "\n".join(filter(None, [imports, *setups])), "asserts": asserts}


def _split_script(text: str) -> list[str]:
    """Return the setup and the asserts of a script, or the script as one test where code stands between its asserts."""
    tree = parse(text)
    if tree is None:
        raise UnusableRecordError("bad_tests", f"no Python 3: {text[:80]}")
    kinds = [isinstance(node, ast.Assert) for node in tree.body]
    if len(kinds) < 2 or kinds != sorted(kinds) or not any(kinds):
        return [text] if kinds else []
    parts = split_asserts(text)
    assert parts is not None
    return [*filter(None, [parts[0]]), *parts[1]]


def _holds_assert(text: str) -> bool:
    tree = parse(text)
    return tree is not None and any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def _read_asserts(row: Fields, name: str) -> list[str]:
    value = read_json(row, name)
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return [str(text) for text in value]
    raise UnusableRecordError("bad_value", f"{name}: expected a list of asserts, got {type(value).__name__}")
