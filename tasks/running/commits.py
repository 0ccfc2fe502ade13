"""How a stage that only adds rows writes them: batch by batch, counted as they are committed."""

from collections.abc import Iterable

from storage.columns import Table
from storage.lake import Lake, Row
from tasks.running import progress
from tasks.running.batches import batches
from tasks.settings import WriteSettings


def append_all(lake: Lake, table: Table, rows: Iterable[Row], write: WriteSettings, stage: str) -> int:
    """Append a slow stream of rows; returns how many. What was committed before a failure stays."""
    added = 0
    for batch in batches(rows, write.batch_rows, write.batch_s):
        added += lake.append(table, batch)
        progress.advance(stage, len(batch))
    return added
