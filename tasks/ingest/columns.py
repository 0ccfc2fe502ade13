"""Convert a row of any dataset to the fields of a Problem, by a mapping of columns. Pure."""

from collections.abc import Sequence
from contextlib import suppress

from storage.errors import ConfigError
from storage.settings import Settings
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.cases import CALL_CONTEXT, convert_cases
from tasks.ingest.forms.pytest_functions import convert_pytest
from tasks.ingest.records import Fields, decode_json
from tasks.ingest.settings import AssertsColumns, HuggingFaceSource, StdioColumns
from tasks.reading.python_text import find_entry_point, split_asserts

Converted = tuple[str | None, Fields]
"""(entry point that the tests name, tests)"""


def check_columns(settings: HuggingFaceSource, row: Fields) -> None:
    """Check that a dataset's first row has every column of the mapping.

    Raises:
        ConfigError: one line with the dataset, the field, the column asked for and the columns that exist.
    """
    mapping = {**_list_mapped(settings.columns, "columns"), **_list_mapped(settings.tests, "tests")}
    for field, column in mapping.items():
        value: object = row
        for part in _split_path(row, column):
            if not isinstance(value, dict):
                break
            if part not in value:
                names = ", ".join(sorted(value)) or "none"
                raise ConfigError(
                    f"{settings.path}: {field}: no column {column!r}; expected one of {names}; "
                    "correct the mapping of this source",
                    field=field,
                )
            value = value[part]


def convert_row(row: Fields, number: int, where: str, source: str, settings: HuggingFaceSource) -> Fields:
    """Return the fields of a Problem.

    Args:
        row: values by column.
        number: number of the row, from 0; its id where no column holds one.
        where: place of the row; the origin where neither a column nor a constant states one.
        source: name of the source.
        settings: the mapping.

    Raises:
        UnusableRecordError: a mapped value is missing or has the wrong type.
    """
    columns, constants = settings.columns, settings.constants
    called, tests = _convert_tests(row, settings)
    reference = _read_optional(row, columns.reference)
    name = _read_optional(row, columns.entry_point) or constants.entry_point or called
    is_called = isinstance(settings.tests, StdioColumns) and called is not None
    asserts = tests.get("asserts")
    if name is None and isinstance(asserts, tuple):
        name = find_entry_point(reference if isinstance(reference, str) else None, asserts)
    return {
        "source": source,
        "source_id": read_source_id(row, number, settings),
        "prompt": _read_value(row, columns.prompt),
        "entry_point": name,
        "tests": tests,
        "context": _read_optional(row, columns.context) or constants.context or (CALL_CONTEXT if is_called else ""),
        "reference": reference,
        "licence": _read_optional(row, columns.licence) or settings.licence,
        "origin": _read_optional(row, columns.origin) or constants.origin or where,
    }


def read_source_id(row: Fields, number: int, settings: HuggingFaceSource) -> str:
    """Return the row's id as text: a string or an integer of its column, or `number` where no column holds ids.

    Raises:
        UnusableRecordError: the column holds anything else.
    """
    if settings.columns.source_id is None:
        return str(number)
    value = _read_value(row, settings.columns.source_id)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableRecordError("bad_value", f"{settings.columns.source_id}: expected a string or an integer as id")
    return str(value)


def _read_value(row: Fields, column: str) -> object:
    """Return the value of a column; a dot goes down into a struct, into JSON text, or into each object of a list.

    Raises:
        UnusableRecordError: the value is null or missing.
    """
    value: object = row
    for part in _split_path(row, column):
        if isinstance(value, str):
            value = decode_json(value)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            value = [_descend(item, part, column) for item in value]
        else:
            value = _descend(value, part, column)
    return value


def _descend(value: object, part: str, column: str) -> object:
    if not isinstance(value, dict):
        raise UnusableRecordError(
            "bad_value", f"{column}: expected an object above {part!r}, got {type(value).__name__}"
        )
    if value.get(part) is None:
        raise UnusableRecordError("missing_field", f"{column}: null or not there")
    return value[part]


def _split_path(row: Fields, column: str) -> list[str]:
    """Split a dotted column into its parts, unless the row has a column of that very name."""
    return [column] if column in row else column.split(".")


def _read_optional(row: Fields, column: str | None) -> object:
    if column is None or row.get(_split_path(row, column)[0]) is None:
        return None
    return _read_value(row, column)


def _list_mapped(mapping: Settings, prefix: str) -> dict[str, str]:
    """Return the mapped columns by dotted name of their setting."""
    values = mapping.model_dump(exclude_none=True, exclude={"kind"})
    return {f"{prefix}.{field}": column for field, column in values.items()}


def _convert_tests(row: Fields, settings: HuggingFaceSource) -> Converted:
    columns = settings.tests
    if isinstance(columns, AssertsColumns):
        setup, asserts = _split_asserts(_read_value(row, columns.asserts))
        lines = [*_read_lines(row, columns.setup), *filter(None, [setup])]
        return None, {"kind": "asserts", "setup": "\n".join(lines), "asserts": asserts}
    if isinstance(columns, StdioColumns):
        return _convert_stdio(row, columns, settings)
    code = _read_value(row, columns.code)
    if columns.kind == "unittest" and isinstance(code, str):
        name, tests = convert_pytest(code)
        return (name, tests) if tests["code"] != code else (None, tests)
    return None, {"kind": columns.kind, "code": code}


def _convert_stdio(row: Fields, columns: StdioColumns, settings: HuggingFaceSource) -> Converted:
    """Convert inputs and outputs to runs of a program, or to calls where `fn_name` stands beside them."""
    function = _find_function(row, columns)
    if function:
        reference = _read_optional(row, settings.columns.reference)
        references = [reference] if isinstance(reference, str) else []
        inputs, outputs = (_read_list(row, column) for column in (columns.inputs, columns.outputs))
        return convert_cases(inputs, outputs, function, "", references)
    texts, results = _read_strings(row, columns.inputs), _read_strings(row, columns.outputs)
    if len(texts) != len(results):
        raise UnusableRecordError("bad_tests", f"{len(texts)} inputs and {len(results)} outputs")
    cases = [{"input": text, "output": expected} for text, expected in zip(texts, results, strict=True)]
    return None, {"kind": "stdio", "cases": cases}


def _find_function(row: Fields, columns: StdioColumns) -> object:
    """Return the name of the function that a row's cases call: `fn_name` beside the inputs; None for programs.

    Raises:
        UnusableRecordError: the cases say that they are calls, and name no function.
    """
    *parents, _ = _split_path(row, columns.inputs)
    value = _read_value(row, ".".join(parents)) if parents else row
    value = decode_json(value) if isinstance(value, str) else value
    records = value if isinstance(value, list) else [value]
    names = [record.get("fn_name") for record in records if isinstance(record, dict)]
    name = next(filter(None, names), None)
    kinds = {record.get("testtype") or record.get("type") for record in records if isinstance(record, dict)}
    if name is None and parents and kinds & {"functional", "function_call"}:
        raise UnusableRecordError("no_entry_point", f"{'.'.join(parents)}: calls of a function that no field names")
    return name


def _split_asserts(value: object) -> tuple[str, tuple[str, ...]]:
    """Return (setup, asserts) of a list of asserts, of JSON text of one, or of a script that holds them."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(UnusableRecordError):
            value = decode_json(value)
    if isinstance(value, str):
        parts = split_asserts(value)
        if parts is None:
            raise UnusableRecordError("bad_tests", "the asserts are no Python 3")
        return parts
    if isinstance(value, Sequence) and all(isinstance(test, str) for test in value):
        return "", tuple(value)
    raise UnusableRecordError(
        "bad_value", f"expected a list of asserts or a script of them, got {type(value).__name__}"
    )


def _read_lines(row: Fields, column: str | None) -> list[str]:
    value = _read_optional(row, column) or []
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise UnusableRecordError("bad_value", f"{column}: expected a string or a list of strings")
    return lines


def _read_list(row: Fields, column: str) -> list[object]:
    value = _read_value(row, column)
    if isinstance(value, str):
        value = decode_json(value)
    if not isinstance(value, list):
        raise UnusableRecordError("bad_value", f"{column}: expected a list")
    return value


def _read_strings(row: Fields, column: str) -> list[str]:
    value = _read_list(row, column)
    if not all(isinstance(text, str) for text in value):
        raise UnusableRecordError("bad_value", f"{column}: expected a list of strings")
    return [str(text) for text in value]
