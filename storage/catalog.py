"""Questions to the lake: an in-memory DuckDB with a view for every table of one pinned version. Locks nothing."""

import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from storage.columns import Table
from storage.errors import ConfigError, LakeError
from storage.lake import Lake
from storage.tables import TABLES

SQL = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """The text of storage/sql/NAME.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


class Catalog:
    """Read-only views over the lake.

    Args:
        lake: the lake to read.
        versions: table version by table name; those not named are read at their newest.
        bucket: read this partition alone; what a stage does.
    """

    def __init__(self, lake: Lake, versions: dict[str, int] | None = None, bucket: int | None = None) -> None:
        self.versions = {**lake.versions(), **(versions or {})}
        self.db = duckdb.connect(":memory:")
        self.db.execute(f"set memory_limit = '{lake.settings.memory_limit}'")
        self.db.execute("set enable_progress_bar = false")
        self.db.execute("set timezone = 'UTC'")
        self.db.execute(f"set temp_directory = '{tempfile.gettempdir()}/patchmill-{os.getpid()}'")
        for table in TABLES:
            version = self.versions.get(table.name)
            files = [] if version is None else lake.files(table, version, bucket)
            try:
                self.db.execute(_view(table, files))
            except duckdb.BinderException as error:
                raise LakeError(
                    f"{lake.root}: table {table.name} was written by another version of Patchmill, with other columns "
                    f"({str(error).splitlines()[0]}); name a new lake with --lake PATH"
                ) from None
        for path in sorted((SQL / "views").glob("*.sql")):
            self.db.execute(path.read_text(encoding="utf-8"))

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of one query as dicts; `$name` in the text takes `values[name]`.

        Raises:
            ConfigError: the text is not valid SQL over these views.
            LakeError: a file could not be read, or memory ran out.
        """
        rows: list[dict[str, Any]] = self.arrow(sql, **values).to_pylist()
        return rows

    def arrow(self, sql: str, **values: Any) -> pa.Table:
        """The same as an Arrow table."""
        wanted = {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)}
        try:
            result = self.db.sql(sql, params=wanted)
            data = pa.table({}) if result is None else result.to_arrow_table()
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise LakeError(f"the lake could not answer: {error}") from error
        except duckdb.Error as error:
            raise ConfigError(f"SQL: {error}") from error
        names = data.schema.names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigError(f"SQL: two columns are called {twice[0]!r}; name one of them with `as`")
        return data

    def register(self, name: str, data: pa.Table) -> None:
        """Offer an Arrow table to later queries under a name."""
        self.db.register(name, data)

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _view(table: Table, files: list[str]) -> str:
    """A view with the declared columns in the declared order, also where there is no file yet."""
    columns = ", ".join(f'"{name}"' for name in table.schema.names)
    if not files:
        empty = ", ".join(f'null::{_sql_type(field.type)} as "{field.name}"' for field in table.schema)
        return f"create view {table.name} as select {empty} where false"
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    read = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'bucket': INTEGER}})"
    return f"create view {table.name} as select {columns} from {read}"  # noqa: S608 our own names and quoted paths


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return "struct(" + ", ".join(f'"{f.name}" {_sql_type(f.type)}' for f in kind) + ")"
    names = {"string": "varchar", "int64": "bigint", "int32": "integer", "double": "double", "bool": "boolean"}
    return names.get(str(kind), "timestamptz")
