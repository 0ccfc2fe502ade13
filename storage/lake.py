"""The lake: one Delta table per noun, partitioned by bucket. Every write is one atomic commit."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.transaction import AddAction, RemoveAction
from pydantic import Field, field_validator

from storage.bucket_files import uncommitted_files, write_kept_rows
from storage.columns import Key, Table, key_of, plain
from storage.delta import DeltaTables
from storage.errors import HeldError, LakeError
from storage.ids import bucket_of
from storage.locks.lease import busy
from storage.locks.leases import WHOLE, WORKER, held, holders, removing, user
from storage.s3 import store as s3
from storage.schemas import Row, conform_to_schema, rows_to_arrow
from storage.settings import Settings
from storage.tables import PROBLEMS, TABLES, folder

WRITER = WriterProperties(compression="ZSTD")


class LakeSettings(Settings):
    """Where the tables lie and how they are cut."""

    path: str = Field(".patchmill/lake", min_length=1, pattern=r"^[^*?\[\]{}'%]+$")
    """Folder of the lake, or s3://BUCKET/PATH; made when missing. Without * ? [ ] { } ' %, which DuckDB or Delta take
    for something else."""
    buckets: int = Field(16, ge=1, le=4096)
    """Partitions of a new lake: the unit of parallel work. An existing lake keeps its own number."""
    memory_limit: str = Field("800MB", pattern=r"^\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$")
    """What one DuckDB connection may use before it spills to disk."""
    commit_rows: int = Field(64, ge=1)
    """Answers or verdicts per commit: with commit_s, what `kill -9` can cost at most."""
    commit_s: float = Field(10.0, gt=0)
    """Seconds after which a smaller batch is committed, too."""
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
    """Appends to, replaces in and reads whole tables.

    Args:
        settings: where the lake lies.
        tables: its Delta tables; default: those at `settings.path`.
    """

    def __init__(self, settings: LakeSettings, tables: DeltaTables | None = None) -> None:
        self.settings = settings
        self.root = settings.path.rstrip("/")
        self.tables = tables or DeltaTables(self.root, settings.buckets)
        self._opened: dict[tuple[str, int], DeltaTable] = {}
        """Tables that `versions` opened last, by name and version."""

    def uri(self, table: Table) -> str:
        """Return where a table lies."""
        return self.tables.uri(table)

    @cached_property
    def buckets(self) -> int:
        """Number of buckets that the lake was created with; creates the lake where there is none."""
        description = self.tables.open_or_create(PROBLEMS).metadata().description
        return int(json.loads(description or "{}").get("buckets", self.settings.buckets))

    def bucket_of(self, problem_id: str) -> int:
        """Return the bucket of everything that belongs to a problem."""
        return bucket_of(problem_id, self.buckets)

    def exists(self) -> bool:
        """Return whether there is a lake."""
        return self.tables.open(PROBLEMS) is not None

    def append(self, table: Table, rows: Sequence[Row]) -> int:
        """Add rows in one commit; commit nothing where there are none.

        Returns:
            Number of rows written.

        Raises:
            LakeError: a row does not fit the schema, or the commit failed; nothing was written then.
        """
        if rows:
            data = rows_to_arrow(table, rows)
            self.tables.commit(
                table,
                f"append {len(rows)} rows",
                lambda target: write_deltalake(target, data, mode="append", writer_properties=WRITER),
            )
        return len(rows)

    def upsert(self, table: Table, rows: Sequence[Row]) -> int:
        """Add rows in one commit; those with the key of a row that the lake holds take its place.

        Returns:
            Number of rows written.

        Raises:
            LakeError: as for `append`.
        """
        if not rows:
            return 0
        data = rows_to_arrow(table, rows)
        on = " and ".join(f"t.{column} = s.{column}" for column in (*table.key, "bucket"))
        buckets = ", ".join(map(str, sorted(set(data["bucket"].to_pylist()))))
        on += f" and t.bucket in ({buckets})"  # named literally, so that writers of other buckets are no conflict

        def merge(target: DeltaTable) -> None:
            merger = target.merge(data, on, source_alias="s", target_alias="t", writer_properties=WRITER)
            merger.when_matched_update_all().when_not_matched_insert_all().execute()

        self.tables.commit(table, f"upsert {len(rows)} rows", merge)
        return len(rows)

    def write(self, table: Table, rows: Sequence[Row], replaced_keys: AbstractSet[Key] = frozenset()) -> int:
        """Add rows in one commit; those whose key is in `replaced_keys` take the place of the rows the lake holds.

        Args:
            table: a table that declares `replaceable`, unless `replaced_keys` is empty.
            rows: of any keys; a key outside `replaced_keys` must be new to the lake.
            replaced_keys: values of the table's key columns, in their order (`key_of`).

        Returns:
            Number of rows written.

        Raises:
            LakeError: rows of this table are never replaced; or as for `append`.
        """
        if replaced_keys and not table.replaceable:
            raise LakeError(
                f"{table.name}: cannot replace {len(replaced_keys)} rows: rows of this table are only added "
                "(replaceable in storage/tables.py)",
                table=table.name,
            )
        replaces = any(key_of(table, row) in replaced_keys for row in rows)
        return self.upsert(table, rows) if replaces else self.append(table, rows)

    def replace(
        self,
        table: Table,
        data: pa.Table,
        predicate: str | None = None,
        built_from: Mapping[str, int] | None = None,
    ) -> None:
        """Put `data` in the place of all rows, or of those that `predicate` names, in one commit.

        Args:
            predicate: SQL condition on the rows to replace.
            built_from: versions of the tables that the data was made from, by name; kept in the commit
                (`DeltaTable.history()`).

        Raises:
            LakeError: as for `append`.
        """
        new, properties = conform_to_schema(table, data), _removal_properties(built_from)
        with removing(self.root, table.name, self.settings.lease_s):
            self.tables.commit(
                table,
                f"write {new.num_rows} rows",
                lambda target: write_deltalake(
                    target, new, mode="overwrite", predicate=predicate, commit_properties=properties,
                    writer_properties=WRITER,
                ),
            )  # fmt: skip

    def replace_buckets(
        self,
        table: Table,
        files: Mapping[int, Path],
        keep: str | None = None,
        built_from: Mapping[str, int] | None = None,
        built_by: str = "",
    ) -> None:
        """Put files in the place of whole buckets in one commit; memory does not grow with the number of rows.

        Args:
            files: Parquet files by bucket, of rows as `conform_to_schema` returns them, without column `bucket`. They
                are moved.
            keep: SQL condition on rows of these buckets that stay, beside those of the files.
            built_from: as for `replace`.
            built_by: address of the code and rules that made the files; kept in the commit, too.

        Raises:
            LakeError: as for `append`.
        """
        self.tables.open_or_create(table)
        with uncommitted_files(self.root, folder(table), lambda: self.files(table)) as move_file:
            new = [move_file(bucket, path) for bucket, path in files.items() if pq.read_metadata(path).num_rows]

            def write(target: DeltaTable) -> None:
                kept = [] if keep is None else write_kept_rows(target, table, files, keep)
                files_to_add: list[AddAction | RemoveAction] = [*new, *(move_file(bucket, path) for bucket, path in kept)]
                target.create_write_transaction(
                    files_to_add, "overwrite", plain(table.schema), ["bucket"],
                    [("bucket", "in", [str(bucket) for bucket in files])],
                    commit_properties=_removal_properties(built_from, built_by),
                )  # fmt: skip

            with removing(self.root, table.name, self.settings.lease_s):
                self.tables.commit(table, f"replace {len(files)} buckets", write)

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
            found = {
                table.name: opened for table, opened in zip(tables, pool.map(self.tables.open, tables), strict=True)
            }
        now = {(name, opened.version()): opened for name, opened in found.items() if opened is not None}
        self._opened = now | {key: opened for key, opened in self._opened.items() if key[0] not in found}
        return dict(now.keys())

    def files(self, table: Table, version: int | None = None, bucket: int | None = None) -> list[str]:
        """Parquet files of one version of a table; empty where the table does not exist yet."""
        found = self._opened.get((table.name, -1 if version is None else version)) or self.tables.open(table, version)
        if found is None:
            return []
        where = None if bucket is None else [("bucket", "=", str(bucket))]
        # Delta quotes paths as in a URL; DuckDB wants them as they are
        return [unquote(uri.removeprefix("file://")) for uri in found.file_uris(file_pruning_predicate=where)]

    def compact(self) -> dict[str, dict[str, int]]:
        """Merge small files; readers of older versions are not disturbed. Files removed and added, by table."""
        done = {}
        for table in TABLES:
            if self.tables.open(table) is not None:
                with removing(self.root, table.name, self.settings.lease_s):
                    metrics = self.tables.commit(
                        table, "compact", lambda t: t.optimize.compact(writer_properties=WRITER)
                    )
                done[table.name] = {"removed": metrics["numFilesRemoved"], "added": metrics["numFilesAdded"]}
        return done

    def vacuum(self, keep_hours: int = 168) -> dict[str, int]:
        """Delete files that no version of the last `keep_hours` needs; older versions can't be read afterwards."""
        return {
            table.name: len(found.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False))
            for table in TABLES
            if (found := self.tables.open(table)) is not None
        }


def _removal_properties(built_from: Mapping[str, int] | None = None, built_by: str = "") -> CommitProperties:
    """Return properties of a commit that removes files.

    Delta Lake must not retry such a commit by itself: rows that stay were read from the version before.
    """
    metadata = {"built_from": json.dumps(built_from), "built_by": built_by} if built_from else None
    return CommitProperties(custom_metadata=metadata, max_commit_retries=0)
