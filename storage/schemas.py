"""Rows and Arrow tables in the form that a table's schema demands, or an error that names the column."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from storage.columns import Table, without_descriptions
from storage.errors import LakeError

Row = Mapping[str, object]
"""A row of any table; storage.rows has a type for each table's."""


def rows_to_arrow(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table with the columns of `table`.

    Raises:
        LakeError: a row has other columns, or a value of another type.
    """
    for row in rows:
        if row.keys() != set(table.schema.names):
            difference = sorted(row.keys() ^ set(table.schema.names))
            raise LakeError(
                f"{table.name}: cannot write rows whose columns differ from storage/tables.py by {difference}",
                table=table.name,
            )
    try:
        data = pa.Table.from_pylist(list(rows), schema=without_descriptions(table.schema))
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise LakeError(
            f"{table.name}: cannot write rows: {error}; types stand in storage/tables.py", table=table.name
        ) from error
    return conform_to_schema(table, data)


def conform_to_schema(table: Table, data: pa.Table) -> pa.Table:
    """Return the columns of `table` in their order.

    Raises:
        LakeError: a column has another type, or holds null where it must not.
    """
    for field in table.schema:
        column = data.column(field.name)
        if column.type != field.type:
            raise LakeError(
                f"{table.name}: column {field.name}: expected {field.type} (storage/tables.py), got {column.type}",
                table=table.name,
            )
        if not field.nullable and column.null_count:
            raise LakeError(
                f"{table.name}: column {field.name} holds null, expected a value in every row", table=table.name
            )
    return data.select(table.schema.names).cast(without_descriptions(table.schema))
