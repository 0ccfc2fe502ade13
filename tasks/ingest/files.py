"""Read rows from local files: JSON lines, JSON arrays and Parquet, plain or compressed, one file or many."""

import glob
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import ConfigError
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.lines import number_lines, translate_errors
from tasks.ingest.records import Fields, decode_json, decode_line

PACKED = (".gz", ".zst", ".zstd")
FORMATS = (".jsonl", ".ndjson", ".json", ".parquet")
EXPECTED = "expected a .jsonl, .json or .parquet file (also .gz or .zst), a folder or a glob of them, or a hub's name"


@dataclass(frozen=True)
class Row:
    """One row of a file, or the reason why it could not be decoded."""

    number: int
    """Number of the line or row, from 1."""
    fields: Fields | UnusableRecordError
    raw: str | bytes
    """What stands there, to recognise it by."""


def list_files(path: str) -> list[Path]:
    """Return the files of a path, a folder (with its subfolders) or a glob, in order of name.

    Returns:
        the files; none where the path can only be a name on the hub.

    Raises:
        ConfigError: the folder or the glob holds no file of a known format, or a named file does not exist.
    """
    place = Path(path)
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.is_file() and format_of(file) in FORMATS)
    elif glob.has_magic(path) and not place.exists():
        names = glob.iglob(path, recursive=True)  # noqa: PTH207 Path.glob takes no absolute patterns
        files = sorted(Path(name) for name in names if Path(name).is_file())
    elif place.exists() or format_of(place) in FORMATS:
        return [place]  # a missing file is reported where it is opened
    else:
        return []
    if not files:
        raise ConfigError(f"{path}: no file of a known format there (form path); {EXPECTED}", field="path")
    return files


def format_of(file: Path) -> str:
    """Return the suffix of the file's format, below the suffix of its compression."""
    return Path(file.stem).suffix.lower() if file.suffix.lower() in PACKED else file.suffix.lower()


def read_file(file: Path) -> Iterator[Row]:
    """Yield the rows of one file in order; lines and Parquet rows come one at a time.

    Raises:
        ConfigError: the file is missing, unreadable, or of no known format.
    """
    with translate_errors(file, "form path", EXPECTED):
        suffix = format_of(file)
        if suffix == ".parquet":
            yield from _read_parquet(file)
        elif suffix in FORMATS:
            yield from _read_json(file)
        else:
            raise ConfigError(f"{file}: unknown format {suffix or 'without a suffix'!r} (form path); {EXPECTED}")


def _read_parquet(file: Path) -> Iterator[Row]:
    try:
        with open_bytes(file) as stream:
            source = pa.BufferReader(stream.read()) if file.suffix.lower() in PACKED else file
            batches = pq.ParquetFile(source).iter_batches(batch_size=64)
            rows = (row for batch in batches for row in batch.to_pylist())
            for number, row in enumerate(rows, start=1):
                yield Row(number, row, json.dumps(row, ensure_ascii=False, default=repr))
    except pa.ArrowInvalid as error:
        raise OSError(f"no Parquet: {error}") from None


@contextmanager
def open_bytes(file: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file for reading bytes, decompressed where its name ends in .gz or .zst."""
    suffix = file.suffix.lower()
    if suffix == ".gz":
        with gzip.open(file) as unpacked:
            yield unpacked
    elif suffix in PACKED:
        file.stat()  # a missing file gets its usual error, not pyarrow's
        with pa.OSFile(str(file)) as packed, pa.CompressedInputStream(packed, "zstd") as stream:
            yield io.BufferedReader(stream)
    else:
        with file.open("rb") as plain:
            yield plain


def _read_json(file: Path) -> Iterator[Row]:
    """Yield the rows of JSON lines, or of one JSON value: an array, or an object with one array of rows in it."""
    with open_bytes(file) as stream:
        first, whole = b"", False
        for _, first in number_lines(stream):
            whole = first.startswith(b"[") or not _is_object(first)
            break
    with open_bytes(file) as stream:
        if not whole:
            for number, line in number_lines(stream):
                try:
                    yield Row(number, decode_line(line, allow_nan=True), line)
                except UnusableRecordError as error:
                    yield Row(number, error, line)
            return
        text = stream.read()
    rows = _decode_rows(text)
    if rows is None:  # no JSON value: lines of which the first is broken
        for number, line in number_lines(io.BytesIO(text)):
            try:
                yield Row(number, decode_line(line, allow_nan=True), line)
            except UnusableRecordError as error:
                yield Row(number, error, line)
        return
    for number, row in enumerate(rows, start=1):
        raw = json.dumps(row, ensure_ascii=False)
        if isinstance(row, dict):
            yield Row(number, row, raw)
        else:
            yield Row(
                number, UnusableRecordError("not_an_object", f"expected an object, got {type(row).__name__}"), raw
            )


def _is_object(line: bytes) -> bool:
    try:
        decode_line(line, allow_nan=True)
    except UnusableRecordError:
        return False
    return True


def _decode_rows(text: bytes) -> list[object] | None:
    """Return the rows of one JSON value; None where the text is no JSON value."""
    try:
        value = decode_json(text.decode("utf-8-sig"), allow_nan=True)
    except (UnusableRecordError, UnicodeDecodeError):
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
        return lists[0] if len(lists) == 1 and len(value) == 1 else [value]
    return [value]
