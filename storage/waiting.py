"""Rows on their way into one commit: on disk until then, a Parquet file for each bucket."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from storage.errors import LakeError
from storage.s3 import store as s3


class Waiting:
    """Takes the rows of one table, bucket after bucket, in any number of parts each; memory is bounded by a part.

    Args:
        folder: where the files are made.
    """

    def __init__(self, folder: Path) -> None:
        self.num_rows = 0
        self._folder = folder
        self._files: dict[int, Path] = {}
        self._writers: dict[int, pq.ParquetWriter] = {}  # one at most

    def add(self, bucket: int, data: pa.Table) -> None:
        """Append rows of a bucket, their column `bucket` left out.

        Raises:
            ValueError: rows of another bucket have come since.
            LakeError: the disk is full.
        """
        rows = data.drop_columns("bucket")
        with _told(self._folder):
            if bucket not in self._files:
                self._close()
                self._files[bucket] = self._folder / f"{bucket}.parquet"
                self._folder.mkdir(parents=True, exist_ok=True)
                self._writers[bucket] = pq.ParquetWriter(self._files[bucket], rows.schema, compression="zstd")
            if bucket not in self._writers:
                raise ValueError(f"bucket {bucket} is complete")
            self._writers[bucket].write_table(rows)
        self.num_rows += rows.num_rows

    def files(self) -> dict[int, Path]:
        """Each bucket's, complete."""
        with _told(self._folder):
            self._close()
        return self._files

    def _close(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()


Place = Callable[[int, Path], AddAction]


@contextmanager
def placing(root: str, folder: str, live: Callable[[], list[str]]) -> Iterator[Place]:
    """Move files of a bucket to where a table's files lie; where the body fails before its commit, they are deleted.

    Args:
        root: of the lake.
        folder: of the table.
        live: paths of all files of the table as it is.

    Raises:
        LakeError: the disk is full, or the store refuses it.
    """
    placed: list[str] = []

    def place(bucket: int, path: Path) -> AddAction:
        name = f"bucket={bucket}/part-{uuid4()}.parquet"
        rows, size = pq.read_metadata(path).num_rows, path.stat().st_size
        placed.append(name)
        _move(path, root, f"{folder}/{name}")
        stats, now_ms = json.dumps({"numRecords": rows}), int(time.time() * 1000)
        return AddAction(name, size, {"bucket": str(bucket)}, now_ms, True, stats)

    try:
        yield place
    except BaseException:
        with suppress(LakeError, OSError):  # else they lie there unread, until old files are deleted
            in_use = {Path(path).name for path in live()}  # asked, since an interrupt may come after the commit
            for name in placed:
                if Path(name).name not in in_use:
                    _delete(root, f"{folder}/{name}")
        raise


def _move(path: Path, root: str, name: str) -> None:
    if s3.remote(root):
        s3.upload(root, name, path)
        path.unlink()
        return
    target = Path(root, name)
    with _told(target):
        target.parent.mkdir(exist_ok=True)
        shutil.move(path, target)


@contextmanager
def _told(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(f"{where}: cannot be written: {error.strerror or error}") from error


def _delete(root: str, name: str) -> None:
    if s3.remote(root):
        s3.delete(root, name)
    else:
        Path(root, name).unlink(missing_ok=True)
