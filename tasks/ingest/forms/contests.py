"""APPS, TACO and CodeContests: contest problems with many solutions."""

from collections.abc import Iterator

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.cases import CALL_CONTEXT, convert_cases
from tasks.ingest.forms.fields import (
    build_prompt,
    list_references,
    read_id,
    read_json,
    read_optional_text,
    read_strings,
    read_text,
)
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormSource

_PYTHON3, _PYTHON2 = (3, "3", "PYTHON3"), (1, "1", "PYTHON")
"""Python among the languages of CodeContests, as numbers and as names."""


def convert_apps(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of APPS or TACO: `input_output` holds inputs, outputs and perhaps `fn_name`."""
    cases = read_json(row, "input_output")
    if not isinstance(cases, dict):
        raise UnusableRecordError("bad_value", f"input_output: expected an object, got {type(cases).__name__}")
    starter = read_optional_text(row, "starter_code")
    references = list_references(read_strings(row, "solutions"), settings.references)
    function = cases.get("fn_name")
    entry_point, tests = convert_cases(
        _read_list(cases, "inputs"), _read_list(cases, "outputs"), function, starter, references
    )
    return {
        "source_id": read_id(row, number, "problem_id", "id", "task_id"),
        "prompt": build_prompt(read_text(row, "question"), function if isinstance(function, str) else None, starter),
        "entry_point": entry_point,
        "tests": tests,
        "context": CALL_CONTEXT if function else "",
        "references": references,
        "origin": read_optional_text(row, "url"),
    }


def convert_codecontests(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of CodeContests: public, private and generated tests; solutions by language."""
    for name in ("input_file", "output_file"):
        if read_optional_text(row, name):
            raise UnusableRecordError("unsupported_tests", f"{name}: the program reads or writes the file {row[name]}")
    groups = ("public_tests", "private_tests", "generated_tests")
    pairs = list(dict.fromkeys(pair for name in groups for pair in _read_pairs(row, name)))
    entry_point, tests = convert_cases([text for text, _ in pairs], [expected for _, expected in pairs], None)
    solutions = list(_read_records(row, "solutions"))
    codes = [
        str(solution["solution"])
        for languages in (_PYTHON3, _PYTHON2)
        for solution in solutions
        if solution.get("language") in languages and isinstance(solution.get("solution"), str)
    ]
    return {
        "source_id": read_id(row, number, "name"),
        "prompt": build_prompt(read_text(row, "description"), None, ""),
        "entry_point": entry_point,
        "tests": tests,
        "references": list_references(codes, settings.references),
    }


def _read_list(fields: Fields, name: str) -> list[object]:
    values = fields.get(name)
    if not isinstance(values, list):
        raise UnusableRecordError("missing_field", f"input_output.{name}: expected a list")
    return values


def _read_pairs(row: Fields, name: str) -> Iterator[tuple[str, str]]:
    """Yield (input, output) of one group of tests; none where the row has no such group."""
    for test in _read_records(row, name):
        text, expected = test.get("input"), test.get("output")
        if not isinstance(text, str) or not isinstance(expected, str):
            raise UnusableRecordError("bad_tests", f"{name}: expected input and output as strings")
        yield text, expected


def _read_records(row: Fields, name: str) -> Iterator[Fields]:
    """Yield the records of a field: a list of objects, or an object of lists of equal length."""
    value = row.get(name) or []
    if isinstance(value, dict):
        columns = {key: column for key, column in value.items() if isinstance(column, list)}
        if len({len(column) for column in columns.values()}) > 1:
            raise UnusableRecordError("bad_value", f"{name}: expected lists of equal length")
        value = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise UnusableRecordError("bad_value", f"{name}: expected a list of objects or an object of lists")
    yield from value
