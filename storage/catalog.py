"""SQL over the lake: an in-memory DuckDB with a view for every table at one version. Takes no lock."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from storage.columns import Table
from storage.errors import ConfigError, LakeError
from storage.interrupts import interruptible
from storage.lake import Lake
from storage.read_only import one_line, require_read_only, restrict_access
from storage.s3.store import duckdb_filesystem, is_s3
from storage.statements import find_views, list_entries, load_views, name_statement
from storage.tables import TABLES

Versions = Mapping[str, int | None]
"""Table version by table name; None for a table that did not exist."""


class Catalog:
    """Read-only views over the lake.

    Args:
        lake: the lake to read.
        versions: versions of tables; those not named are read at their newest.
        bucket: read only this partition, as a stage does.
        part: number and count: of so many ranges of problem ids, read only this one, and nothing that belongs to no
            problem. Files are not cut by it, so each part reads them all.

    Raises:
        LakeError: a table cannot be read, or has the columns of another version of Patchmill.
    """

    def __init__(
        self, lake: Lake, versions: Versions | None = None, bucket: int | None = None, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.versions = _pin_versions(lake, versions)
        self.db = duckdb.connect(":memory:")
        self.db.execute(f"set memory_limit = '{lake.settings.memory_limit}'")
        self.db.execute("set enable_progress_bar = false")
        self.db.execute("set timezone = 'UTC'")
        if is_s3(lake.root):
            self.db.register_filesystem(duckdb_filesystem())
            self.db.execute("set parquet_metadata_cache = true")
        self.db.execute(f"set temp_directory = '{tempfile.gettempdir()}/patchmill-{os.getpid()}'")
        for table in TABLES:
            version = self.versions.get(table.name)
            try:
                self.db.execute(f"create view {table.name} as {_select(lake, table, version, bucket, part)}")
            except duckdb.BinderException as error:
                raise LakeError(
                    f"{lake.root}: table {table.name} was written by another version of Patchmill, with other columns "
                    f"({str(error).splitlines()[0]}); name a new lake with --lake PATH",
                    table=table.name,
                    version=version,
                ) from None
            except duckdb.IOException as error:
                raise LakeError(
                    f"{table.name}@v{version}: cannot be read: {error}", table=table.name, version=version
                ) from error
        self._created: set[str] = set()
        restrict_access(self.db, lake.root if is_s3(lake.root) else str(Path(lake.root).absolute()))

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Run one of Patchmill's own statements; return its rows. `$name` in the text takes `values[name]`.

        Raises:
            LakeError: the statement failed; the message names it.
        """
        rows: list[dict[str, Any]] = self.arrow(sql, **values).to_pylist()
        return rows

    def arrow(self, sql: str, **values: object) -> pa.Table:
        """Run one of Patchmill's own statements as `rows` does; return an Arrow table."""
        try:
            self._create_views(sql)
            statements = duckdb.extract_statements(sql)
            if len(statements) != 1:
                raise LakeError(f"{name_statement(sql)}: expected one statement, got {len(statements)}")
            parameters = {name: values[name] for name in statements[0].named_parameters & values.keys()}
            data = self.db.sql(statements[0], params=parameters).to_arrow_table()
        except duckdb.Error as error:
            raise LakeError(f"{name_statement(sql)}: cannot be run: {one_line(error)}") from error
        if fault := _column_fault(data):
            raise LakeError(f"{name_statement(sql)}: {fault}")
        return data

    def run_user_sql(self, sql: str) -> Iterator[pa.Table]:
        """Run SQL that a person wrote, statement by statement; yield a table for each that returns rows.

        Raises:
            ConfigError: a statement is not valid over these views, or does more than read (storage/read_only.py).
            LakeError: a file could not be read, or memory ran out.
            KeyboardInterrupt: the person pressed Ctrl-C; the catalog can be used again.
        """
        self.create_all_views()
        with _user_errors():
            statements = duckdb.extract_statements(sql)
        for statement in statements:
            with _user_errors(), interruptible(self.db):
                returns_rows = require_read_only(self.db, statement)
                data = self.db.sql(statement).to_arrow_table()
            if fault := _column_fault(data):
                raise ConfigError(f"SQL: {fault}")
            if returns_rows:
                yield data

    def run_user_query(self, sql: str) -> pa.Table:
        """Run one query that a person wrote; return its rows.

        Raises:
            ConfigError: it is not one query; or as for `run_user_sql`.
        """
        tables = list(self.run_user_sql(sql))
        if len(tables) != 1:
            raise ConfigError(f"SQL: expected one query, got {len(tables)}")
        return tables[0]

    def register(self, name: str, data: pa.Table) -> None:
        """Let later statements read an Arrow table by a name."""
        self.db.register(name, data)

    def create_all_views(self) -> None:
        """Create every view and macro, as a person expects who lists them."""
        self._create_views(load_views())

    def _create_views(self, sql: str) -> None:
        """Create the views and macros that a statement names: all of them cost more than many a stage's question."""
        for name, text in find_views(sql):
            if name not in self._created:
                self.db.execute(text)
                self._created.add(name)

    def close(self) -> None:
        """Close the connection to DuckDB."""
        self.db.close()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def generate_script(lake: Lake, versions: Versions | None = None) -> str:
    """Return the views and macros as SQL for any DuckDB client of this version, over the same files.

    The client needs neither an extension nor Patchmill; on S3 it needs DuckDB's extension httpfs. Each view and macro
    carries its description as a comment.
    """
    pinned = _pin_versions(lake, versions)
    at = ", ".join(f"{name}@{version}" for name, version in pinned.items())
    lines = [
        f"-- The lake {lake.root} for DuckDB {duckdb.__version__}, at {at}.",
        "-- Its files stay where they are; `patchmill compact --vacuum` may delete those of old versions.",
        "set timezone = 'UTC';",
    ]
    if is_s3(lake.root):  # other clients lack the file system of storage/s3/files.py
        lines.append("install httpfs; load httpfs; create or replace secret (type s3, provider credential_chain);")
    lines += [f"create or replace view {t.name} as {_select(lake, t, pinned.get(t.name))};" for t in TABLES]
    lines.append(re.sub(r"^create (view|macro) ", r"create or replace \1 ", load_views(), flags=re.MULTILINE))
    for entry in list_entries():
        description = entry.description.replace("'", "''")
        lines.append(f"comment on {entry.kind} {entry.name} is '{description}';")
    return "\n".join(lines) + "\n"


def _pin_versions(lake: Lake, versions: Versions | None) -> dict[str, int]:
    named = versions or {}
    newest = lake.versions([table for table in TABLES if table.name not in named])
    return newest | {name: version for name, version in named.items() if version is not None}


def _select(
    lake: Lake, table: Table, version: int | None, bucket: int | None = None, part: tuple[int, int] = (0, 1)
) -> str:
    """Return a query for the table's columns in their order, also where it has no version or no file."""
    files = lake.files(table, version, None if table.whole else bucket) if version is not None else []
    if not files:
        empty = ", ".join(f'null::{_sql_type(field.type)} as "{field.name}"' for field in table.schema)
        return f"select {empty} where false"
    columns = ", ".join(f'"{name}"' for name in table.schema.names)
    quoted_files = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    options = "hive_partitioning = true, hive_types = {'bucket': INTEGER}"
    source = f"read_parquet([{quoted_files}], {options})"
    if not lake.holds_all_columns(table, version):  # columns that came later are null in the files from before
        later = ", ".join(f'null::{_sql_type(f.type)} as "{f.name}"' for f in table.schema if f.nullable)
        files_by_name = f"from read_parquet([{quoted_files}], {options}, union_by_name = true)"
        source = f"(select {later} where false union all by name {files_by_name})" if later else source
    return f"select {columns} from {source}{_part_condition(table, *part)}"  # noqa: S608 declared names, quoted paths


def _part_condition(table: Table, number: int, count: int) -> str:
    """Return a condition for one range of problem ids; ids are hexadecimal hashes, so all ranges have one size."""
    if count == 1 or "problem_id" not in table.schema.names:
        return ""
    low, high = ((n << 32) // count for n in (number, number + 1))
    below = f" and problem_id < '{high:08x}'" if number + 1 < count else ""
    return f" where problem_id >= '{low:08x}'{below}"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return "struct(" + ", ".join(f'"{f.name}" {_sql_type(f.type)}' for f in kind) + ")"
    names = {"string": "varchar", "int64": "bigint", "int32": "integer", "double": "double", "bool": "boolean"}
    return names.get(str(kind), "timestamptz")


def _column_fault(data: pa.Table) -> str:
    """Return what is wrong with the names of the columns; empty where they differ."""
    names = data.schema.names
    repeated = sorted({name for name in names if names.count(name) > 1})
    return f"two columns are called {repeated[0]!r}; name one of them with `as`" if repeated else ""


@contextmanager
def _user_errors() -> Iterator[None]:
    """Raise ConfigError for a fault in a person's SQL, and LakeError where disk or memory failed."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise LakeError(f"the query failed: {error}") from error
    except duckdb.PermissionException as error:
        action = one_line(error).split(" - ")[0]
        raise ConfigError(f"{action}: a query reads only the files of the lake; --out FILE writes a file") from error
    except duckdb.Error as error:
        raise ConfigError(one_line(error)) from error
