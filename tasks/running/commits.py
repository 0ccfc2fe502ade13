"""Commit a slow stream of rows in batches, and count them as progress once they are committed."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from storage.columns import Key, Table
from storage.lake import Lake
from storage.schemas import Row
from tasks.running import progress
from tasks.running.batches import batches


def commit_stream(
    lake: Lake, table: Table, units: Iterable[Sequence[Row]], stage: str, replaced_keys: AbstractSet[Key] = frozenset()
) -> int:
    """Write a stream of rows batch by batch; return how many rows. Batches committed before a failure stay.

    Args:
        units: the rows of one answer, or of one verdict; a unit is never cut in two.
        stage: name under which each unit counts as progress.
        replaced_keys: keys of rows that the lake holds and that new rows take the place of.
    """
    rows_written = 0
    for batch in batches(units, lake.settings.commit_rows, lake.settings.commit_s):
        rows_written += lake.write(table, [row for rows in batch for row in rows], replaced_keys)
        progress.advance(stage, len(batch))
    return rows_written
