"""From a row of somebody's data set to our fields, by a mapping of columns. Pure."""

from collections.abc import Sequence
from typing import Any

from storage.errors import ConfigError
from tasks.ingest.dropped import UnusableError
from tasks.ingest.records import Fields, decoded_text
from tasks.ingest.settings import AssertsColumns, HuggingFaceSource, StdioColumns
from tasks.reading.python_text import find_entry_point, split_asserts


def check_columns(settings: HuggingFaceSource, row: Fields) -> None:
    """Every column of the mapping must be in the data set's first row.

    Raises:
        ConfigError: one line that names data set, field, the columns there are and the one asked for.
    """
    mapping = {**_mapped(settings.columns, "columns"), **_mapped(settings.tests, "tests")}
    for field, column in mapping.items():
        here: Any = row
        for part in _parts(row, column):
            if not isinstance(here, dict):
                break
            if part not in here:
                known = ", ".join(sorted(here)) or "none"
                raise ConfigError(
                    f"{settings.path}: {field}: no column {column!r}; expected one of {known}; "
                    "correct the mapping of this source"
                )
            here = here[part]


def convert(row: Fields, number: int, where: str, source: str, settings: HuggingFaceSource) -> Fields:
    """Fields of a Problem; raises UnusableError.

    Args:
        number: of the row, from 0; its id where no column holds one.
        where: what stands as origin where neither a column nor a constant does.
    """
    columns, constants = settings.columns, settings.constants
    tests = _tests(row, settings)
    reference = _optional(row, columns.reference)
    name = _optional(row, columns.entry_point) or constants.entry_point
    if name is None and tests["kind"] == "asserts":
        name = find_entry_point(reference if isinstance(reference, str) else None, tests["asserts"])
    return {
        "source": source,
        "source_id": source_id(row, number, settings),
        "prompt": at(row, columns.prompt),
        "entry_point": name,
        "tests": tests,
        "context": _optional(row, columns.context) or constants.context,
        "reference": reference,
        "licence": _optional(row, columns.licence) or settings.licence,
        "origin": _optional(row, columns.origin) or constants.origin or where,
    }


def source_id(row: Fields, number: int, settings: HuggingFaceSource) -> str:
    """The row's id: a string, or an integer as one; its number where no column holds ids. Raises UnusableError."""
    if settings.columns.source_id is None:
        return str(number)
    value = at(row, settings.columns.source_id)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableError("bad_value", f"{settings.columns.source_id}: expected a string or an integer as id")
    return str(value)


def at(row: Fields, column: str) -> Any:
    """The value of a column; a dot goes down into a struct or into JSON text. Raises UnusableError where it is null."""
    here: Any = row
    for part in _parts(row, column):
        if isinstance(here, str):
            here = decoded_text(here)
        if not isinstance(here, dict):
            raise UnusableError("bad_value", f"{column}: expected an object above {part!r}, got {type(here).__name__}")
        here = here.get(part)
        if here is None:
            raise UnusableError("missing_field", f"{column}: null or not there")
    return here


def _parts(row: Fields, column: str) -> list[str]:
    """A column may have a dot in its own name; that reading goes first."""
    return [column] if column in row else column.split(".")


def _optional(row: Fields, column: str | None) -> Any:
    if column is None or row.get(_parts(row, column)[0]) is None:
        return None
    return at(row, column)


def _mapped(model: Any, prefix: str) -> dict[str, str]:
    values = model.model_dump(exclude_none=True, exclude={"kind"})
    return {f"{prefix}.{field}": column for field, column in values.items()}


def _tests(row: Fields, settings: HuggingFaceSource) -> Fields:
    columns = settings.tests
    if isinstance(columns, AssertsColumns):
        setup, asserts = _asserts(at(row, columns.asserts))
        lines = [*_lines(row, columns.setup), *filter(None, [setup])]
        return {"kind": "asserts", "setup": "\n".join(lines), "asserts": asserts}
    if isinstance(columns, StdioColumns):
        inputs, outputs = _strings(row, columns.inputs), _strings(row, columns.outputs)
        if len(inputs) != len(outputs):
            raise UnusableError("bad_tests", f"{len(inputs)} inputs and {len(outputs)} outputs")
        cases = [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]
        return {"kind": "stdio", "cases": cases}
    return {"kind": columns.kind, "code": at(row, columns.code)}


def _asserts(value: Any) -> tuple[str, tuple[str, ...]]:
    """(Setup, asserts) from a list of asserts or from a script that holds them."""
    if isinstance(value, str):
        split = split_asserts(value)
        if split is None:
            raise UnusableError("bad_tests", "the asserts are no Python 3")
        return split
    if isinstance(value, Sequence) and all(isinstance(test, str) for test in value):
        return "", tuple(value)
    raise UnusableError("bad_value", f"expected a list of asserts or a script of them, got {type(value).__name__}")


def _lines(row: Fields, column: str | None) -> list[str]:
    value = _optional(row, column) or []
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise UnusableError("bad_value", f"{column}: expected a string or a list of strings")
    return lines


def _strings(row: Fields, column: str) -> list[str]:
    value = at(row, column)
    if isinstance(value, str):
        value = decoded_text(value)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise UnusableError("bad_value", f"{column}: expected a list of strings")
    return value
