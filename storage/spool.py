"""Rows on their way into one commit, kept on disk meanwhile: a data set may be larger than memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


class Spool:
    """Arrow tables of one schema, written after each other and read as one stream, any number of times.

    Args:
        path: the file, made here.
        schema: of every table that is added.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.num_rows = 0
        self._path = path
        self._writer = pa.ipc.new_stream(str(path), schema, options=_COMPRESSED)

    def add(self, data: pa.Table) -> None:
        """Append rows; not after the first reader."""
        self._writer.write_table(data)
        self.num_rows += data.num_rows

    @contextmanager
    def reader(self) -> Iterator[pa.RecordBatchReader]:
        """All rows, a batch at a time."""
        self._writer.close()
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as rows:
            yield rows
