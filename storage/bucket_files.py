"""Rows that wait on disk, in a Parquet file per bucket, until one commit puts them into a table."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, QueryBuilder
from deltalake.transaction import AddAction

from storage.columns import Table, without_descriptions
from storage.errors import LakeError
from storage.s3 import store as s3
from storage.schemas import conform_to_schema


class BucketFiles:
    """Writes rows of one table, bucket after bucket, in any number of parts each; memory is bounded by a part.

    Args:
        folder: where the files are written; created with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.num_rows = 0
        self._folder = folder
        self._files: dict[int, Path] = {}
        self._writers: dict[int, pq.ParquetWriter] = {}  # one at most

    def add(self, bucket: int, data: pa.Table) -> None:
        """Append rows to the file of a bucket, without their column `bucket`.

        Args:
            data: as `conform_to_schema` returns it; all rows lie in `bucket`.

        Raises:
            ValueError: another bucket was begun since this one.
            LakeError: the disk is full.
        """
        rows = data.drop_columns("bucket")
        with _disk_errors(self._folder):
            if bucket not in self._files:
                self._close_writer()
                self._files[bucket] = self._folder / f"{bucket}.parquet"
                self._folder.mkdir(parents=True, exist_ok=True)
                self._writers[bucket] = pq.ParquetWriter(self._files[bucket], rows.schema, compression="zstd")
            if bucket not in self._writers:
                raise ValueError(f"bucket {bucket} is complete")
            self._writers[bucket].write_table(rows)
        self.num_rows += rows.num_rows

    def finish(self) -> dict[int, Path]:
        """Complete the last file; return all files by bucket."""
        with _disk_errors(self._folder):
            self._close_writer()
        return self._files

    def _close_writer(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()


def write_kept_rows(target: DeltaTable, table: Table, buckets: Iterable[int], keep: str) -> Iterator[tuple[int, Path]]:
    """Write the rows of these buckets that the SQL condition `keep` names; yield a file for each bucket with some.

    The caller moves each file away before it asks for more: what is left of them is deleted at the end.
    """
    query = QueryBuilder().register("held", target)
    with TemporaryDirectory(prefix="patchmill-kept-") as folder:
        files = BucketFiles(Path(folder))
        for bucket in buckets:
            answer = query.execute(f"select * from held where bucket = {bucket} and ({keep})")  # noqa: S608 our own
            data = pa.table(answer.read_all()).select(table.schema.names).cast(without_descriptions(table.schema))
            if data.num_rows:
                files.add(bucket, conform_to_schema(table, data))
        yield from files.finish().items()


MoveFile = Callable[[int, Path], AddAction]


@contextmanager
def uncommitted_files(root: str, folder: str, list_live_files: Callable[[], list[str]]) -> Iterator[MoveFile]:
    """Yield a function that moves the file of a bucket to where a table's files lie, for a commit in the body.

    If the body fails, the moved files that no commit has put into the table are deleted.

    Args:
        root: of the lake.
        folder: of the table, below the root.
        list_live_files: returns the paths of all files of the table's newest version.

    Raises:
        LakeError: the disk is full, or the store refuses the file.
    """
    names: list[str] = []

    def move_file(bucket: int, path: Path) -> AddAction:
        name = f"bucket={bucket}/part-{uuid4()}.parquet"
        rows, size = pq.read_metadata(path).num_rows, path.stat().st_size
        names.append(name)
        _move(path, root, f"{folder}/{name}")
        statistics, now_ms = json.dumps({"numRecords": rows}), int(time.time() * 1000)
        return AddAction(name, size, {"bucket": str(bucket)}, now_ms, True, statistics)

    try:
        yield move_file
    except BaseException:
        with suppress(LakeError, OSError):  # else they lie there unread, until old files are deleted
            live = {Path(path).name for path in list_live_files()}  # an interrupt may come after the commit
            for name in names:
                if Path(name).name not in live:
                    _delete(root, f"{folder}/{name}")
        raise


def _move(path: Path, root: str, name: str) -> None:
    if s3.is_s3(root):
        s3.upload_file(root, name, path)
        path.unlink()
        return
    target = Path(root, name)
    with _disk_errors(target):
        target.parent.mkdir(exist_ok=True)
        shutil.move(path, target)


def _delete(root: str, name: str) -> None:
    if s3.is_s3(root):
        s3.delete_object(root, name)
    else:
        Path(root, name).unlink(missing_ok=True)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Raise LakeError that names `path` for an OSError of the body."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{path}: cannot be written: {error.strerror or error}") from error
