"""Collect what an assembly builds on disk, part by part, and write the buckets that differ from the lake."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake
from storage.schemas import conform_to_schema
from storage.tables import DROPS


def drops_stage(dataset: Table) -> str:
    """Return the value of `drops.stage` in rows that a dataset leaves out."""
    return f"assemble:{dataset.name}"


class Assembly:
    """Takes the rows of one part of the lake after another; a part bounds the memory.

    Args:
        lake: the lake to write to.
        versions: versions of its tables that the rows are built from.
        datasets: datasets that are built, beside `drops`. The first is written last: its commit completes the assembly.
        folder: folder for rows until they are written.
    """

    def __init__(self, lake: Lake, versions: Mapping[str, int], datasets: Sequence[Table], folder: Path) -> None:
        self._lake, self._versions = lake, versions
        self._stages = [drops_stage(dataset) for dataset in datasets]
        self._pending = {table: BucketFiles(folder / table.name) for table in (DROPS, *reversed(datasets))}
        self._changed_buckets: dict[Table, set[int]] = {table: set() for table in self._pending}

    def add(self, catalog: Catalog, bucket: int, tables: Mapping[Table, pa.Table]) -> None:
        """Add the rows built from the catalog's part of a bucket.

        Raises:
            LakeError: a column has another type than its table, or a null.
        """
        for table, data in tables.items():
            rows = conform_to_schema(table, data.cast(table.schema))
            if not _equal_rows(rows, self._read_present(catalog, table), table.key):
                self._changed_buckets[table].add(bucket)
            self._pending[table].add(bucket, rows)

    def write(self, built_by: str) -> None:
        """Replace the changed buckets in the lake, in one commit per table.

        Args:
            built_by: address of the assembly, kept in the commit.
        """
        other_stages = " and ".join(f"stage <> '{stage}'" for stage in self._stages)
        for table, pending in self._pending.items():
            files = {
                bucket: path for bucket, path in pending.finish().items() if bucket in self._changed_buckets[table]
            }
            if files:
                keep = other_stages if table is DROPS else None
                self._lake.replace_buckets(table, files, keep, self._versions, built_by)

    def count_rows(self) -> dict[str, int]:
        """Return the number of rows added, by table."""
        return {table.name: pending.num_rows for table, pending in self._pending.items()}

    def _read_present(self, catalog: Catalog, table: Table) -> pa.Table:
        """Read the rows of the catalog's part that the assembly replaces."""
        where = "where list_contains($stages, stage)" if table is DROPS else ""
        return catalog.arrow(f"select * from {table.name} {where}", stages=self._stages)  # noqa: S608 declared names


def _equal_rows(rows: pa.Table, present: pa.Table, key: Sequence[str]) -> bool:
    """Tell whether two tables hold the same rows, in whatever order."""
    order = [(column, "ascending") for column in key]
    return bool(rows.sort_by(order).combine_chunks().equals(present.cast(rows.schema).sort_by(order).combine_chunks()))


@contextmanager
def open_assembly(lake: Lake, versions: Mapping[str, int], datasets: Sequence[Table]) -> Iterator[Assembly]:
    """Open an assembly that keeps its rows in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="patchmill-assembly-") as folder:
        yield Assembly(lake, versions, datasets, Path(folder))
