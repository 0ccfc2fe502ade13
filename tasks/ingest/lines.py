"""Lines of a text file, plain or gzipped, one at a time."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import Dropped, Found, UnusableError, dropped
from tasks.ingest.records import Fields, decoded, problem
from tasks.reading.problem import Problem

_BOM = b"\xef\xbb\xbf"


@contextmanager
def naming(path: Path, field: str, fix: str) -> Iterator[None]:
    """Give what the file system or a decompressor complains about our name: the file, the field and the fix."""
    try:
        yield
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file ({field}); {fix}") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        why = getattr(error, "strerror", None) or error or type(error).__name__
        raise ConfigError(f"{path}: cannot be read ({field}): {why}; {fix}") from None


def lines(file: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Numbers (from 1) and bytes of the lines that are not blank."""
    for number, line in enumerate(file, start=1):
        text = (line.removeprefix(_BOM) if number == 1 else line).strip()
        if text:
            yield number, text


@contextmanager
def opened(path: Path, inside: str | None = None) -> Iterator[Iterable[bytes]]:
    """Open a file for reading, gunzipped where its name ends in `.gz`.

    Args:
        inside: the gzipped member of a zip to open instead.
    """
    if inside is not None:
        with zipfile.ZipFile(path) as archive:
            if inside not in archive.namelist():
                raise zipfile.BadZipFile(f"holds no {inside}")
            with archive.open(inside) as packed, gzip.GzipFile(fileobj=packed) as file:
                yield file
    elif path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file
    else:
        with path.open("rb") as plain:
            yield plain


def each_row(
    file: Iterable[bytes], source: str, file_name: str, id_field: str, convert: Callable[[Fields, str], Fields]
) -> Iterator[Found]:
    """Make a problem of every JSON line.

    Args:
        file_name: what `where` and `origin` call the file.
        id_field: the field that holds the id, so that a dropped row can still be named.
        convert: (row, `file:line`) -> fields of a Problem; raises UnusableError.
    """
    for number, line in lines(file):
        where, source_id = f"{file_name}:{number}", None
        try:
            row = decoded(line)
            known = row.get(id_field)
            source_id = str(known) if isinstance(known, str | int) else None
            made: Problem | Dropped = problem(convert(row, where))
        except UnusableError as bad:
            made = dropped(source, where, bad, line, source_id)
        yield where, made
