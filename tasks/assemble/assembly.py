"""What an assembly has made so far: on disk, part by part, and only what differs from the lake is written."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake
from storage.tables import DROPS
from storage.waiting import Waiting


def stage_of(table: Table) -> str:
    """What `drops.stage` calls the making of a data set."""
    return f"assemble:{table.name}"


class Assembly:
    """Takes the rows of one part of the lake after another; memory is bounded by a part.

    Args:
        lake: where they go.
        pinned: versions of its tables that they are made from.
        data_sets: what is made beside drops; the first is written last, and its commit says that all is there.
        folder: where rows wait.
    """

    def __init__(self, lake: Lake, pinned: Mapping[str, int], data_sets: Sequence[Table], folder: Path) -> None:
        self._lake, self._pinned = lake, pinned
        self._stages = [stage_of(table) for table in data_sets]
        self._waiting = {table: Waiting(folder / table.name) for table in (DROPS, *reversed(data_sets))}
        self._changed: dict[Table, set[int]] = {table: set() for table in self._waiting}

    def add(self, catalog: Catalog, bucket: int, made: Mapping[Table, pa.Table]) -> None:
        """Take what was made of the catalog's part of a bucket.

        Raises:
            LakeError: a column has another type than its table, or a null.
        """
        for table, rows in made.items():
            data = self._lake.checked(table, rows.cast(table.schema))
            ours = "where list_contains($stages, stage)" if table is DROPS else ""
            text = f"select * from {table.name} {ours} order by {', '.join(table.key)}"  # noqa: S608 our names
            held = catalog.arrow(text, stages=self._stages).cast(data.schema)
            by_key = data.sort_by([(key, "ascending") for key in table.key])
            if not held.combine_chunks().equals(by_key.combine_chunks()):
                self._changed[table].add(bucket)
            self._waiting[table].add(bucket, data)

    def write(self, built_by: str) -> None:
        """Put the buckets that changed in the place of what is there, a commit for each table."""
        others = " and ".join(f"stage <> '{stage}'" for stage in self._stages)
        for table, waiting in self._waiting.items():
            files = {bucket: path for bucket, path in waiting.files().items() if bucket in self._changed[table]}
            if files:
                keep = others if table is DROPS else None
                self._lake.replace_buckets(table, files, keep, self._pinned, built_by)

    @property
    def rows(self) -> dict[str, int]:
        """How many were made, by table."""
        return {table.name: waiting.num_rows for table, waiting in self._waiting.items()}


@contextmanager
def assembly(lake: Lake, pinned: Mapping[str, int], data_sets: Sequence[Table]) -> Iterator[Assembly]:
    """An assembly whose rows wait in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="patchmill-assembly-") as folder:
        yield Assembly(lake, pinned, data_sets, Path(folder))
