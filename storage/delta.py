"""The Delta tables of one lake: open them, create them, and commit to them beside other writers."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from storage.columns import Table, without_descriptions
from storage.commit_gate import commit_gate
from storage.errors import LakeError
from storage.s3 import store as s3
from storage.tables import table_folder

COMMIT_TRIES = 30  # 24 upserts of two threads beside one that appends: none failed, against 22 without retries
WIDENED = "patchmill.widened"
"""Property of a table that was given columns later: some of its files may lack them."""
S3_CONFIGURATION = {"delta.checkpointInterval": "10"}  # a reader asks the store once for each commit since the last
_Result = TypeVar("_Result")


class DeltaTables:
    """The Delta tables below one root.

    Args:
        root: folder of the lake, or s3://BUCKET/PATH.
        buckets: number of partitions, written into the description of tables that are created.
    """

    def __init__(self, root: str, buckets: int) -> None:
        self.root = root
        self.buckets = buckets
        self.options = s3.delta_options(root)
        """Storage options of Delta Lake."""

    def uri(self, table: Table) -> str:
        """Return where a table lies."""
        return f"{self.root}/{table_folder(table)}"

    def open(self, table: Table, version: int | None = None) -> DeltaTable | None:
        """Open a table at one version, or at its newest; None where it does not exist.

        Raises:
            LakeError: its log cannot be read.
        """
        try:
            return DeltaTable(self.uri(table), version=version, storage_options=self.options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            at = f"@v{version}" if version is not None else ""
            raise LakeError(
                f"{self.uri(table)}{at}: cannot be opened: {error}", table=table.name, version=version
            ) from error

    def open_or_create(self, table: Table) -> DeltaTable:
        """Open a table at its newest version; create it where it does not exist.

        Raises:
            LakeError: it cannot be opened or created.
        """
        return self.open(table) or self._create(table)

    def _create(self, table: Table) -> DeltaTable:
        try:
            if not s3.is_s3(self.root):
                Path(self.root).mkdir(parents=True, exist_ok=True)
            with suppress(CommitFailedError):  # another writer has just created it
                DeltaTable.create(
                    self.uri(table), without_descriptions(table.schema), "ignore", ["bucket"], name=table.name,
                    description=json.dumps({"buckets": self.buckets}),
                    configuration=S3_CONFIGURATION if s3.is_s3(self.root) else None, storage_options=self.options,
                )  # fmt: skip
            return DeltaTable(self.uri(table), storage_options=self.options)
        except (DeltaError, OSError) as error:
            raise LakeError(
                f"{self.uri(table)}: cannot be created: {error}; name another lake by --lake PATH", table=table.name
            ) from error

    def commit(self, table: Table, action: str, write: Callable[[DeltaTable], _Result]) -> _Result:
        """Call `write` with the newest version until no other writer's commit conflicts with its own.

        Args:
            action: what `write` does, for error messages, such as `write 3 rows`.
            write: makes one commit; called again after a refused commit, which has written nothing.

        Raises:
            LakeError: the commit failed, or met conflicts every time.
        """
        for attempt in range(COMMIT_TRIES):
            target = self.open_or_create(table)
            try:
                with commit_gate():
                    return write(_add_columns(target, table))
            except CommitFailedError as error:
                conflict = error
                time.sleep(random.uniform(0, 0.05 * min(attempt + 1, 8)))  # noqa: S311 only spreads the writers
            except (DeltaError, OSError) as error:
                raise _commit_error(target, table, f"cannot {action}: {error}") from error
        raise _commit_error(
            target, table, f"cannot {action}: {COMMIT_TRIES} commits conflicted with other writers"
        ) from conflict


def holds_all_columns(target: DeltaTable, table: Table) -> bool:
    """Return whether every file has all declared columns: not so in a table that an earlier version created."""
    names = {field.name for field in target.schema().fields}
    return names.issuperset(table.schema.names) and WIDENED not in target.metadata().configuration


def _add_columns(target: DeltaTable, table: Table) -> DeltaTable:
    """Give a table the declared columns that it lacks and that may be null; rows that it holds have null there."""
    names = {field.name for field in target.schema().fields}
    missing = [field for field in without_descriptions(table.schema) if field.nullable and field.name not in names]
    if not missing:
        return target
    # The property comes first: a reader must not expect the columns in every file once the table has them.
    target.alter.set_table_properties({WIDENED: "true"}, raise_if_not_exists=False)
    target.alter.add_columns(list(Schema.from_arrow(pa.schema(missing)).fields))
    return target


def _commit_error(target: DeltaTable, table: Table, reason: str) -> LakeError:
    version = target.version()
    return LakeError(f"{table.name}@v{version}: {reason}", table=table.name, version=version)
