"""The lake: one Delta table per noun, partitioned by bucket. Every write is one atomic commit."""

import json
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

from storage.bucket_files import uncommitted_files, write_kept_rows
from storage.columns import Key, Table, key_of, without_descriptions
from storage.delta import DeltaTables, holds_all_columns
from storage.errors import LakeError
from storage.ids import bucket_of
from storage.lake_settings import LakeSettings as LakeSettings
from storage.locks.lease import held_error
from storage.locks.leases import WHOLE_LAKE, WORKER, hold_lease, hold_table, list_holders, user_name
from storage.s3 import store as s3
from storage.schemas import Row, conform_to_schema, rows_to_arrow
from storage.tables import PROBLEMS, TABLES, table_folder

WRITER = WriterProperties(compression="ZSTD")


class Lake:
    """Appends to, replaces in and reads whole tables.

    >>> from patchmill import Lake, LakeSettings
    >>> Lake(LakeSettings(path="no-such-lake")).exists()
    False

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
        with hold_table(self.root, table.name, self.settings.lease_s):
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
        with uncommitted_files(self.root, table_folder(table), lambda: self.files(table)) as move_file:
            new = [move_file(bucket, path) for bucket, path in files.items() if pq.read_metadata(path).num_rows]

            def write(target: DeltaTable) -> None:
                kept_files = [] if keep is None else write_kept_rows(target, table, files, keep)
                moved = [move_file(bucket, path) for bucket, path in kept_files]
                actions: list[AddAction | RemoveAction] = [*new, *moved]
                target.create_write_transaction(
                    actions, "overwrite", without_descriptions(table.schema), ["bucket"],
                    [("bucket", "in", [str(bucket) for bucket in files])],
                    commit_properties=_removal_properties(built_from, built_by),
                )  # fmt: skip

            with hold_table(self.root, table.name, self.settings.lease_s):
                self.tables.commit(table, f"replace {len(files)} buckets", write)

    @contextmanager
    def hold_exclusively(self, owner: str = "") -> Iterator[None]:
        """Keep all other runs out of the lake while the body runs: two runs would do the same work twice.

        storage/locks/lease.py says when another process may take the lake over.

        Args:
            owner: name of the holder for those who wait; default: the user.

        Raises:
            HeldError: another run held the lake or a part of it for longer than `wait_s`.
        """
        owner = owner or f"user {user_name()}"
        deadline = time.monotonic() + self.settings.wait_s
        with ExitStack() as lease:
            while True:
                remaining_s = max(0.0, deadline - time.monotonic())
                lease.enter_context(hold_lease(self.root, WHOLE_LAKE, owner, self.settings.lease_s, remaining_s))
                workers = list_holders(self.root, WORKER)
                if not workers:
                    break
                lease.close()  # a worker needs the whole lake for a moment before it ends
                if time.monotonic() >= deadline:
                    raise held_error(self.root, workers[0])
                time.sleep(1)
            yield

    def versions(self, tables: Sequence[Table] = TABLES) -> dict[str, int]:
        """Return the newest version of every table that exists, or of some, by name: what a reader pins."""
        with ThreadPoolExecutor(16 if s3.is_s3(self.root) else 1) as pool:  # a store takes a while for each answer
            opened = list(pool.map(self.tables.open, tables))
        names = [table.name for table in tables]
        newest = {
            (name, table.version()): table for name, table in zip(names, opened, strict=True) if table is not None
        }
        self._opened = newest | {key: table for key, table in self._opened.items() if key[0] not in names}
        return dict(newest.keys())

    def files(self, table: Table, version: int | None = None, bucket: int | None = None) -> list[str]:
        """Return the Parquet files of one version of a table, or of one bucket of it; none where there is no table."""
        delta_table = self._open(table, version)
        if delta_table is None:
            return []
        predicate = None if bucket is None else [("bucket", "=", str(bucket))]
        uris = delta_table.file_uris(file_pruning_predicate=predicate)
        return [unquote(uri.removeprefix("file://")) for uri in uris]  # Delta quotes as in a URL, DuckDB does not

    def holds_all_columns(self, table: Table, version: int | None = None) -> bool:
        """Return whether every file of one version of a table has all declared columns; see storage/delta.py."""
        delta_table = self._open(table, version)
        return delta_table is None or holds_all_columns(delta_table, table)

    def _open(self, table: Table, version: int | None) -> DeltaTable | None:
        delta_table = self._opened.get((table.name, -1 if version is None else version))
        return delta_table or self.tables.open(table, version)

    def compact(self) -> dict[str, dict[str, int]]:
        """Merge small files; readers of older versions are not disturbed.

        Returns:
            Numbers of files `removed` and `added`, by table.

        Raises:
            LakeError: a commit failed.
        """
        counts = {}
        for table in TABLES:
            if self.tables.open(table) is not None:
                with hold_table(self.root, table.name, self.settings.lease_s):
                    metrics = self.tables.commit(
                        table, "compact", lambda target: target.optimize.compact(writer_properties=WRITER)
                    )
                counts[table.name] = {"removed": metrics["numFilesRemoved"], "added": metrics["numFilesAdded"]}
        return counts

    def vacuum(self, keep_hours: int = 168) -> dict[str, int]:
        """Delete files that no version of the last `keep_hours` needs; older versions can't be read afterwards.

        Returns:
            Numbers of deleted files, by table.
        """
        return {
            table.name: len(delta_table.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False))
            for table in TABLES
            if (delta_table := self.tables.open(table)) is not None
        }


def _removal_properties(built_from: Mapping[str, int] | None = None, built_by: str = "") -> CommitProperties:
    """Return properties of a commit that removes files.

    Delta Lake must not retry such a commit by itself: rows that stay were read from the version before.
    """
    metadata = {"built_from": json.dumps(built_from), "built_by": built_by} if built_from else None
    return CommitProperties(custom_metadata=metadata, max_commit_retries=0)
