"""The lake: one Delta table per noun, partitioned by bucket. The only module that opens Parquet or Delta."""

import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, QueryBuilder, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pydantic import Field, field_validator

from storage.columns import Table, plain
from storage.errors import HeldError, LakeError
from storage.ids import bucket_of
from storage.locks.lease import busy
from storage.locks.leases import WHOLE, WORKER, held, holders, removing, user
from storage.s3 import store as s3
from storage.settings import Settings
from storage.tables import PROBLEMS, TABLES, folder
from storage.waiting import Waiting, placing

Row = Mapping[str, Any]
_Done = TypeVar("_Done")
_WRITER = WriterProperties(compression="ZSTD")
_LOG = {"delta.checkpointInterval": "10"}  # a reader asks the store once for each commit since the last
COMMIT_TRIES = 30  # 24 upserts of two threads beside one that appends: none failed, against 22 without


class LakeSettings(Settings):
    """Where the tables lie and how they are cut."""

    path: str = Field(".patchmill/lake", min_length=1, pattern=r"^[^*?\[\]{}'%]+$")
    """Folder of the lake, or s3://BUCKET/PATH; made when missing. Without * ? [ ] { } ' %, which DuckDB or Delta take
    for something else."""
    buckets: int = Field(16, ge=1, le=4096)
    """Partitions of a new lake: the unit of parallel work. An existing lake keeps its own number."""
    memory_limit: str = Field("800MB", pattern=r"^\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$")
    """What one DuckDB connection may use before it spills to disk."""
    wait_s: float = Field(0.0, ge=0)
    """How long a run waits for another one that works on the lake."""
    lease_s: float = Field(60.0, ge=1)
    """After how long without a sign of life a run on another machine may be taken over; on the same one at once."""
    shared: bool = False
    """Let several runs work on the lake at a time, each on buckets of its own; each ends when all buckets are done."""

    @field_validator("path")
    @classmethod
    def _reachable(cls, path: str) -> str:
        if re.match(r"\w+:/", path) and not re.fullmatch(r"s3://[^/]+(/[^/]+)*/?", path):
            raise ValueError("expected a folder or s3://BUCKET/PATH")
        return path


class Lake:
    """Appends and reads whole tables; every write is one atomic commit."""

    def __init__(self, settings: LakeSettings) -> None:
        self.settings = settings
        self.root = settings.path.rstrip("/")
        self.options = s3.options(self.root)
        """What Delta Lake is told of the store."""
        self._seen: dict[tuple[str, int], DeltaTable] = {}

    def uri(self, table: Table) -> str:
        return f"{self.root}/{folder(table)}"

    @cached_property
    def buckets(self) -> int:
        """The number the lake was made with; makes the lake when there is none."""
        found = self._open(PROBLEMS) or self._create(PROBLEMS)
        return int(json.loads(found.metadata().description or "{}").get("buckets", self.settings.buckets))

    def bucket_of(self, problem_id: str) -> int:
        return bucket_of(problem_id, self.buckets)

    def exists(self) -> bool:
        return self._open(PROBLEMS) is not None

    def append(self, table: Table, rows: Sequence[Row]) -> int:
        """Add rows in one commit; nothing is written for no rows.

        Raises:
            LakeError: a row does not fit the schema, or the commit failed; nothing was written then.
        """
        if rows:
            self._write(table, self._arrow(table, rows))
        return len(rows)

    def upsert(self, table: Table, rows: Sequence[Row]) -> int:
        """Add rows, or put them in the place of rows with the same key, in one commit."""
        if not rows:
            return 0
        data = self._arrow(table, rows)
        on = " and ".join(f"t.{k} = s.{k}" for k in (*table.key, "bucket"))
        buckets = ", ".join(map(str, sorted({row["bucket"] for row in rows})))
        on += f" and t.bucket in ({buckets})"  # named literally, so that writers of other buckets are no conflict

        def merge(target: DeltaTable) -> None:
            merger = target.merge(data, on, source_alias="s", target_alias="t", writer_properties=_WRITER)
            merger.when_matched_update_all().when_not_matched_insert_all().execute()

        self._commit(table, f"upsert {len(rows)} rows", merge)
        return len(rows)

    def replace(
        self,
        table: Table,
        data: pa.Table,
        predicate: str | None = None,
        built_from: Mapping[str, int] | None = None,
    ) -> None:
        """Put `data` in the place of all rows (or of those that `predicate` names) in one commit.

        `built_from`, versions of the tables it was made from, is kept in the commit (`DeltaTable.history()`).
        """
        new, about = self.checked(table, data), _about(built_from)
        with removing(self.root, table.name, self.settings.lease_s):
            self._write(table, new, mode="overwrite", predicate=predicate, commit_properties=about)

    def replace_buckets(
        self,
        table: Table,
        files: Mapping[int, Path],
        keep: str | None = None,
        built_from: Mapping[str, int] | None = None,
        built_by: str = "",
    ) -> None:
        """Put files in the place of whole buckets in one commit, however many rows they hold.

        Args:
            files: by bucket, Parquet files of rows that `checked` has let through, without their bucket; moved.
            keep: predicate of rows of these buckets that stay, beside those of the files.
            built_from: as of `replace`.
            built_by: address of what made them; kept in the commit, too.
        """
        self._open(table) or self._create(table)
        with placing(self.root, folder(table), lambda: self.files(table)) as place:
            new = [place(bucket, path) for bucket, path in files.items() if pq.read_metadata(path).num_rows]

            def write(target: DeltaTable) -> None:
                stay = [] if keep is None else [place(*one) for one in self._kept(target, table, files, keep)]
                where = [("bucket", "in", [str(bucket) for bucket in files])]
                target.create_write_transaction(
                    [*new, *stay], "overwrite", plain(table.schema), ["bucket"], where,
                    commit_properties=_about(built_from, built_by),
                )  # fmt: skip

            with removing(self.root, table.name, self.settings.lease_s):
                self._commit(table, f"replace {len(files)} buckets", write)

    def _kept(self, target: DeltaTable, table: Table, buckets: Iterable[int], keep: str) -> Iterator[tuple[int, Path]]:
        asked = QueryBuilder().register("held", target)
        with TemporaryDirectory(prefix="patchmill-kept-") as where:
            rest = Waiting(Path(where))
            for bucket in buckets:
                found = asked.execute(f"select * from held where bucket = {bucket} and ({keep})")  # noqa: S608 our own
                data = pa.table(found.read_all()).cast(plain(table.schema))
                if data.num_rows:
                    rest.add(bucket, self.checked(table, data))
            yield from rest.files().items()

    def checked(self, table: Table, data: pa.Table) -> pa.Table:
        """The data with the table's columns in their order; raises LakeError where a type or a null is wrong."""
        for field in table.schema:
            if data.schema.field(field.name).type != field.type:
                got, want = data.schema.field(field.name).type, field.type
                raise LakeError(f"{self._at(table)}: column {field.name} is {got}, expected {want} (storage/tables.py)")
            if not field.nullable and data.column(field.name).null_count:
                raise LakeError(f"{self._at(table)}: column {field.name} holds null, expected a value in every row")
        return data.select(table.schema.names).cast(plain(table.schema))

    @contextmanager
    def alone(self, owner: str = "") -> Iterator[None]:
        """Hold the lake for one run: two would do the same work twice; storage/locks/lease.py says who may take over.

        Args:
            owner: whom those are told who find it held; default: the user.

        Raises:
            HeldError: another run holds it or a part of it, and kept it for `wait_s`.
        """
        settings, until = self.settings, time.monotonic() + self.settings.wait_s
        with ExitStack() as lease:
            while True:
                left = max(0.0, until - time.monotonic())
                lease.enter_context(held(self.root, WHOLE, owner or f"user {user()}", settings.lease_s, left))
                if not (sharing := holders(self.root, WORKER)):
                    break
                lease.close()  # those who share it need it for a moment before they end
                if time.monotonic() >= until:
                    raise HeldError(f"{self.root}: {busy(sharing[0])}")
                time.sleep(1)
            yield

    def versions(self, tables: Sequence[Table] = TABLES) -> dict[str, int]:
        """Version of every table that exists, or of some: what a reader pins."""
        with ThreadPoolExecutor(16 if s3.remote(self.root) else 1) as pool:  # a store takes a while for each answer
            found = {table.name: opened for table, opened in zip(tables, pool.map(self._open, tables), strict=True)}
        now = {(name, opened.version()): opened for name, opened in found.items() if opened is not None}
        self._seen = now | {key: opened for key, opened in self._seen.items() if key[0] not in found}
        return dict(now.keys())

    def files(self, table: Table, version: int | None = None, bucket: int | None = None) -> list[str]:
        """Parquet files of one version of a table; empty where the table does not exist yet."""
        found = self._seen.get((table.name, -1 if version is None else version)) or self._open(table, version)
        if found is None:
            return []
        where = None if bucket is None else [("bucket", "=", str(bucket))]
        # Delta quotes paths as in a URL; DuckDB wants them as they are
        return [unquote(uri.removeprefix("file://")) for uri in found.file_uris(file_pruning_predicate=where)]

    def compact(self) -> dict[str, dict[str, int]]:
        """Merge small files; readers of older versions are not disturbed. Files removed and added, by table."""
        done = {}
        for table in TABLES:
            if self._open(table) is not None:
                with removing(self.root, table.name, self.settings.lease_s):
                    metrics = self._commit(table, "compact", lambda t: t.optimize.compact(writer_properties=_WRITER))
                done[table.name] = {"removed": metrics["numFilesRemoved"], "added": metrics["numFilesAdded"]}
        return done

    def vacuum(self, keep_hours: int = 168) -> dict[str, int]:
        """Delete files that no version of the last `keep_hours` needs; older versions can't be read afterwards."""
        return {
            table.name: len(found.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False))
            for table in TABLES
            if (found := self._open(table)) is not None
        }

    def _open(self, table: Table, version: int | None = None) -> DeltaTable | None:
        try:
            return DeltaTable(self.uri(table), version=version, storage_options=self.options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            at = f"@v{version}" if version is not None else ""
            raise LakeError(f"{self.uri(table)}{at}: cannot be opened: {error}") from error

    def _create(self, table: Table) -> DeltaTable:
        about = json.dumps({"buckets": self.settings.buckets})
        try:
            if not s3.remote(self.root):
                Path(self.root).mkdir(parents=True, exist_ok=True)
            with suppress(CommitFailedError):  # another writer has just made it
                DeltaTable.create(
                    self.uri(table), plain(table.schema), "ignore", ["bucket"], name=table.name, description=about,
                    configuration=_LOG if s3.remote(self.root) else None, storage_options=self.options,
                )  # fmt: skip
            return DeltaTable(self.uri(table), storage_options=self.options)
        except (DeltaError, OSError) as error:
            raise LakeError(f"{self.uri(table)}: cannot be made: {error}; name another lake by --lake PATH") from error

    def _write(self, table: Table, data: pa.Table, **how: Any) -> None:
        options = {"mode": "append", "writer_properties": _WRITER, **how}
        self._commit(table, f"write {data.num_rows} rows", lambda target: write_deltalake(target, data, **options))

    def _commit(self, table: Table, what: str, write: Callable[[DeltaTable], _Done]) -> _Done:
        """Try until no other writer's commit comes between; a refused commit has written nothing."""
        for attempt in range(COMMIT_TRIES):
            target = self._open(table) or self._create(table)
            try:
                return write(target)
            except CommitFailedError as error:
                failure = error
                time.sleep(random.uniform(0, 0.05 * min(attempt + 1, 8)))  # noqa: S311 only spreads the writers
            except (DeltaError, OSError) as error:
                raise LakeError(f"{self._at(table)}: cannot {what}: {error}") from error
        raise LakeError(f"{self._at(table)}: cannot {what}: other writers kept coming between") from failure

    def _arrow(self, table: Table, rows: Iterable[Row]) -> pa.Table:
        rows = list(rows)
        for row in rows:
            if row.keys() != set(table.schema.names):
                wrong = sorted(row.keys() ^ set(table.schema.names))
                raise LakeError(f"{self._at(table)}: cannot append, columns differ by {wrong} (storage/tables.py)")
        try:
            return self.checked(table, pa.Table.from_pylist(rows, schema=plain(table.schema)))
        except (pa.ArrowException, UnicodeEncodeError) as error:
            raise LakeError(f"{self._at(table)}: cannot append: {error} (storage/tables.py)") from error

    def _at(self, table: Table) -> str:
        found = self._open(table)
        return f"{table.name}@v{found.version() if found else 'none'}"


def _about(built_from: Mapping[str, int] | None = None, built_by: str = "") -> CommitProperties:
    """Of commits that remove files; Delta Lake must not try again by itself, since what stays has been read before."""
    said = {"built_from": json.dumps(built_from), "built_by": built_by} if built_from else None
    return CommitProperties(custom_metadata=said, max_commit_retries=0)
