"""Build rows from the columns that matter to a test; every other column gets a default of its type."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from storage.columns import Table

JSON_COLUMNS = {"tests", "sampling", "limits", "evidence"}
"""Text columns that hold a JSON object."""


def row(table: Table, **columns: object) -> dict[str, Any]:
    """Return one row of a table; nullable columns default to None.

    Raises:
        AssertionError: the table has no such column.
    """
    unknown = columns.keys() - set(table.schema.names)
    assert not unknown, f"no such columns: {unknown}"
    return {field.name: columns.get(field.name, _default_value(field)) for field in table.schema}


def _default_value(field: pa.Field) -> object:
    if field.nullable:
        return None
    if pa.types.is_integer(field.type):
        return 0
    if pa.types.is_floating(field.type):
        return 0.0
    if pa.types.is_timestamp(field.type):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if pa.types.is_list(field.type):
        return []
    return "{}" if field.name in JSON_COLUMNS else ""
