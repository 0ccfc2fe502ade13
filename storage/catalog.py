"""Questions to the lake: an in-memory DuckDB with a view for every table of one pinned version. Locks nothing."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from storage.columns import Table
from storage.errors import ConfigError, LakeError
from storage.interrupts import interruptible
from storage.lake import Lake
from storage.read_only import check, lock, told
from storage.s3.store import filesystem, remote
from storage.tables import TABLES

SQL = Path(__file__).parent / "sql"
_QUESTION = re.compile(r"((?:^--.*\n)+)create (view|macro) (\w+)(\([^)]*\))? as( table\b)?", re.MULTILINE)
Versions = Mapping[str, int | None]


@cache
def statement(name: str) -> str:
    """The text of storage/sql/NAME.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def questions() -> str:
    """The views and macros of storage/sql/views, in their order."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((SQL / "views").glob("*.sql")))


@dataclass(frozen=True)
class Offer:
    """What can be asked by name: a table or view of that name, or a macro that is called."""

    name: str
    parameters: str
    """As in SQL, with their brackets; empty where nothing is called."""
    kind: str
    """As SQL has it: view (also what we call a table), macro or macro table."""
    about: str
    """What a row is."""


@cache
def offers() -> tuple[Offer, ...]:
    """Everything that a catalog offers, in the order in which it is made."""
    found = []
    for comment, kind, name, parameters, table in _QUESTION.findall(questions()):
        about = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
        found.append(Offer(name, " ".join(parameters.split()), kind + table, about))
    return (*(Offer(table.name, "", "view", table.about) for table in TABLES), *found)


class Catalog:
    """Read-only views over the lake.

    Args:
        lake: the lake to read.
        versions: table version by table name, None for a table that did not exist; those not named are read at their
            newest.
        bucket: read this partition alone; what a stage does.
        part: number and count: of so many ranges of problem ids, read this one alone; what belongs to no problem is in
            none. Files are not cut by it, so each part reads them all.
    """

    def __init__(
        self, lake: Lake, versions: Versions | None = None, bucket: int | None = None, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.versions = _pinned(lake, versions)
        self.db = duckdb.connect(":memory:")
        self.db.execute(f"set memory_limit = '{lake.settings.memory_limit}'")
        self.db.execute("set enable_progress_bar = false")
        self.db.execute("set timezone = 'UTC'")
        if remote(lake.root):
            self.db.register_filesystem(filesystem())
            self.db.execute("set parquet_metadata_cache = true")
        self.db.execute(f"set temp_directory = '{tempfile.gettempdir()}/patchmill-{os.getpid()}'")
        for table in TABLES:
            try:
                self.db.execute(f"create view {table.name} as {_select(lake, table, self.versions, bucket, part)}")
            except duckdb.BinderException as error:
                raise LakeError(
                    f"{lake.root}: table {table.name} was written by another version of Patchmill, with other columns "
                    f"({str(error).splitlines()[0]}); name a new lake with --lake PATH"
                ) from None
            except duckdb.IOException as error:
                raise LakeError(f"{table.name}@v{self.versions[table.name]}: cannot be read: {error}") from error
        self.db.execute(questions())
        lock(self.db, lake.root if remote(lake.root) else str(Path(lake.root).absolute()))

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of one statement as dicts; `$name` in the text takes `values[name]`.

        Raises:
            ConfigError: the text is not one valid statement over these views.
            LakeError: a file could not be read, or memory ran out.
        """
        rows: list[dict[str, Any]] = self.arrow(sql, **values).to_pylist()
        return rows

    def arrow(self, sql: str, **values: Any) -> pa.Table:
        """The same as an Arrow table."""
        with _translated():
            found = duckdb.extract_statements(sql)
            if len(found) != 1:
                raise ConfigError(f"SQL: expected one statement, got {len(found)}")
            wanted = {name: values[name] for name in found[0].named_parameters & values.keys()}
            return _distinct(self.db.sql(found[0], params=wanted).to_arrow_table())

    def answers(self, sql: str) -> Iterator[pa.Table]:
        """What a person's SQL brings: each statement is run in its turn, and gives a table where it is a query.

        Raises:
            ConfigError: a statement is not valid over these views, or does more than read (storage/read_only.py).
            LakeError: a file could not be read, or memory ran out.
            KeyboardInterrupt: the person pressed Ctrl-C; the catalog can be asked again.
        """
        with _translated():
            found = duckdb.extract_statements(sql)
        for one in found:
            with _translated(), interruptible(self.db):
                query = check(self.db, one)
                data = _distinct(self.db.sql(one).to_arrow_table())
            if query:
                yield data

    def register(self, name: str, data: pa.Table) -> None:
        """Offer an Arrow table to later queries under a name."""
        self.db.register(name, data)

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_script(lake: Lake, versions: Versions | None = None) -> str:
    """The same views as SQL for any DuckDB client of this version: over the same files, without extension or Patchmill.

    On S3 the client needs its own extension httpfs. Each view and macro carries what its rows are as its comment.
    """
    pinned = _pinned(lake, versions)
    at = ", ".join(f"{name}@{version}" for name, version in pinned.items())
    lines = [
        f"-- The lake {lake.root} for DuckDB {duckdb.__version__}, at {at}.",
        "-- Its files stay where they are; `patchmill compact --vacuum` may delete those of old versions.",
        "set timezone = 'UTC';",
    ]
    if remote(lake.root):  # other clients have no file system of ours
        lines.append("install httpfs; load httpfs; create or replace secret (type s3, provider credential_chain);")
    lines += [f"create or replace view {t.name} as {_select(lake, t, pinned)};" for t in TABLES]
    lines.append(re.sub(r"^create (view|macro) ", r"create or replace \1 ", questions(), flags=re.MULTILINE))
    for offer in offers():
        about = offer.about.replace("'", "''")
        lines.append(f"comment on {offer.kind} {offer.name} is '{about}';")
    return "\n".join(lines) + "\n"


def _pinned(lake: Lake, versions: Versions | None) -> dict[str, int]:
    named = versions or {}
    found = lake.versions([table for table in TABLES if table.name not in named])
    return found | {name: version for name, version in named.items() if version is not None}


def _select(
    lake: Lake, table: Table, versions: Mapping[str, int], bucket: int | None = None, part: tuple[int, int] = (0, 1)
) -> str:
    """A query for the declared columns in the declared order, also where there is no file yet."""
    files = lake.files(table, versions[table.name], None if table.whole else bucket) if table.name in versions else []
    if not files:
        empty = ", ".join(f'null::{_sql_type(field.type)} as "{field.name}"' for field in table.schema)
        return f"select {empty} where false"
    columns = ", ".join(f'"{name}"' for name in table.schema.names)
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    read = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'bucket': INTEGER}})"
    return f"select {columns} from {read}{_within(table, *part)}"  # noqa: S608 our own names and quoted paths


def _within(table: Table, number: int, count: int) -> str:
    """Ids are hashes in hexadecimal, so ranges of their heads are of one size, whatever the number of buckets."""
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


def _distinct(data: pa.Table) -> pa.Table:
    names = data.schema.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"SQL: two columns are called {twice[0]!r}; name one of them with `as`")
    return data


@contextmanager
def _translated() -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise LakeError(f"the lake could not answer: {error}") from error
    except duckdb.PermissionException as error:
        what = told(error).split(" - ")[0]
        raise ConfigError(f"{what}: a query reads the files of the lake alone; --out FILE writes a file") from error
    except duckdb.Error as error:
        raise ConfigError(told(error)) from error
