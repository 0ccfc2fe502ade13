"""Rows with only the columns that matter to a test; the rest is filled in by type."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from storage.columns import Table


def row(table: Table, **columns: Any) -> dict[str, Any]:
    """One row of a table."""
    unknown = columns.keys() - set(table.schema.names)
    assert not unknown, f"no such columns: {unknown}"
    return {field.name: columns.get(field.name, _default(field)) for field in table.schema}


def _default(field: pa.Field) -> Any:
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
    return {"tests": "{}", "sampling": "{}", "limits": "{}", "evidence": "{}"}.get(field.name, "")
