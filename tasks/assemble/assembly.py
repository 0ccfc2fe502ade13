"""What an assembly has made so far: on disk, bucket by bucket, and only what differs from the lake is written."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake
from storage.spool import Spool
from storage.tables import DROPS


def stage_of(table: Table) -> str:
    """What `drops.stage` calls the making of a data set."""
    return f"assemble:{table.name}"


class Assembly:
    """Takes the rows of one bucket after another; memory is bounded by a bucket.

    Args:
        lake: where they go.
        pinned: versions of its tables that they are made from.
        data_sets: what is made beside drops; the first is written last, and its commit says that all is there.
        folder: where rows wait.
    """

    def __init__(self, lake: Lake, pinned: Mapping[str, int], data_sets: Sequence[Table], folder: Path) -> None:
        stages = ", ".join(f"'{stage_of(table)}'" for table in data_sets)
        self._lake, self._pinned = lake, pinned
        self._where: dict[Table, str | None] = {DROPS: f"stage in ({stages})", **dict.fromkeys(reversed(data_sets))}
        self._spools: dict[Table, Spool] = {}
        self._folder, self._changed = folder, set[Table]()

    def add(self, catalog: Catalog, made: Mapping[Table, pa.Table]) -> None:
        """Take what was made of the catalog's bucket.

        Raises:
            LakeError: a column has another type than its table, or a null.
        """
        for table, rows in made.items():
            data = self._lake.checked(table, rows.cast(table.schema))
            where, order = self._where[table] or "true", ", ".join(table.key)
            held = catalog.arrow(f"select * from {table.name} where {where} order by {order}")  # noqa: S608 our names
            by_key = data.sort_by([(key, "ascending") for key in table.key])
            if not held.cast(data.schema).combine_chunks().equals(by_key.combine_chunks()):
                self._changed.add(table)
            if table not in self._spools:
                self._spools[table] = Spool(self._folder / table.name, data.schema)
            self._spools[table].add(data)

    def write(self, built_by: str) -> None:
        """Put what changed in the place of what is there, a commit for each table."""
        for table, where in self._where.items():
            if table in self._changed:
                self._lake.replace(table, self._spools[table], where, self._pinned, built_by)

    @property
    def rows(self) -> dict[str, int]:
        """How many were made, by table."""
        return {table.name: spool.num_rows for table, spool in self._spools.items()}


@contextmanager
def assembly(lake: Lake, pinned: Mapping[str, int], data_sets: Sequence[Table]) -> Iterator[Assembly]:
    """An assembly whose rows wait in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="patchmill-assembly-") as folder:
        yield Assembly(lake, pinned, data_sets, Path(folder))
