"""Read the lines of a text file, plain or gzipped, one at a time."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.records import Fields, build_problem, decode_line
from tasks.reading.problem import Problem

_BOM = b"\xef\xbb\xbf"


@contextmanager
def translate_errors(path: Path, setting: str, fix: str) -> Iterator[None]:
    """Turn errors of the file system and of decompressors into a ConfigError that names file, setting and fix."""
    try:
        yield
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file ({setting}); {fix}", field="path") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        cause = getattr(error, "strerror", None) or error or type(error).__name__
        raise ConfigError(f"{path}: cannot be read ({setting}): {cause}; {fix}", field="path") from None


@contextmanager
def open_lines(path: Path, member: str | None = None) -> Iterator[Iterable[bytes]]:
    """Open a file for reading line by line, gunzipped where its name ends in `.gz`.

    Args:
        path: the file, or the zip archive that holds `member`.
        member: name of a gzipped member of the archive.
    """
    if member is not None:
        with zipfile.ZipFile(path) as archive:
            if member not in archive.namelist():
                raise zipfile.BadZipFile(f"holds no {member}")
            with archive.open(member) as packed, gzip.GzipFile(fileobj=packed) as file:
                yield file
    elif path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file
    else:
        with path.open("rb") as plain:
            yield plain


def convert_lines(
    file: Iterable[bytes],
    source: str,
    file_name: str,
    id_field: str,
    convert: Callable[[Fields, str], Fields],
    belongs: Callable[[Fields], bool] = lambda _: True,
) -> Iterator[SourceRecord]:
    """Convert every JSON line to a problem or a dropped record, in the order of the file.

    Args:
        file: the raw lines.
        source: name of the source, for dropped records.
        file_name: name of the file in `where` and `origin`.
        id_field: the field that holds the id, so that a dropped line keeps it.
        convert: (fields, `file:line`) -> fields of a Problem; raises UnusableRecordError.
        belongs: whether an object belongs to the split that is read; others are no records of it.
    """
    for number, line in number_lines(file):
        where, source_id = f"{file_name}:{number}", None
        try:
            fields = decode_line(line)
            if not belongs(fields):
                continue
            id_value = fields.get(id_field)
            source_id = str(id_value) if isinstance(id_value, str | int) else None
            record: Problem | DroppedRecord = build_problem(convert(fields, where))
        except UnusableRecordError as error:
            record = drop_record(source, where, error, line, source_id)
        yield where, record


def number_lines(file: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (number from 1, stripped bytes) of the lines that are not blank."""
    for number, line in enumerate(file, start=1):
        text = (line.removeprefix(_BOM) if number == 1 else line).strip()
        if text:
            yield number, text
