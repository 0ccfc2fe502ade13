"""A published dataset: a folder of versions, each complete, which Hugging Face's `datasets` reads.

    NAME/README.md    the card of the last version; its header names the files of that version
    NAME/v1, v2, ...  README.md, manifest.json and data/SPLIT-00000-of-00001.parquet; never changed afterwards

A version is written beside the others and renamed when it is complete. Then README.md is replaced in one step. Readers
of NAME get the previous version or the new one. After a kill between the two steps they get the previous one, and the
next publication points README.md to the new one.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from storage.errors import ConfigError, PublishError
from storage.files import atomic_write

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
CARD, MANIFEST = "README.md", "manifest.json"
_HEADER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


class FileEntry(TypedDict):
    """A file of a version, as its manifest lists it."""

    path: str
    """Relative to the folder of the version."""
    bytes: int
    sha256: str
    split: NotRequired[str]
    rows: NotRequired[int]


class Manifest(TypedDict):
    """The entries of manifest.json that publishing reads again; the file holds more."""

    content: str
    """Address of the rows, their splits and the schema."""
    schema: dict[str, str]
    """Type by column."""
    files: list[FileEntry]


@dataclass(frozen=True)
class PublishedVersion:
    """One complete version of a published dataset."""

    number: int
    path: Path
    manifest: Manifest

    def read_rows(self) -> pa.Table:
        """Read all rows, with their split in the column `split`."""
        parts = []
        for file in self.manifest["files"]:
            rows = pq.read_table(self.path / file["path"], partitioning=None)
            parts.append(rows.append_column("split", pa.array([file["split"]] * rows.num_rows, pa.string())))
        return pa.concat_tables(parts)


class Publication:
    """The versions of one published dataset.

    Args:
        folder: the folder NAME; created with its first version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def hold_exclusively(self) -> Iterator[None]:
        """Hold the folder, so that only one publication writes to it; remove it afterwards where it stayed empty.

        Raises:
            ConfigError: the folder cannot be created or written to.
            PublishError: another publication holds it.
        """
        new_folders = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise ConfigError(
                f"--out {self.folder.parent}: cannot be written: {error.strerror}", field="--out"
            ) from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PublishError(
                    f"{self.folder}: another publication works on it; try again when it is done", path=self.folder
                ) from None
            yield
        finally:
            os.close(descriptor)
            with suppress(OSError):  # not empty: a version was published
                for folder in new_folders:
                    folder.rmdir()

    def list_versions(self) -> list[PublishedVersion]:
        """Return every complete version, the oldest first.

        Raises:
            PublishError: a manifest cannot be read.
        """
        folders = [path for path in self.folder.glob("v*") if re.fullmatch(r"v[1-9]\d*", path.name)]
        return [self._read_version(number) for number in sorted(int(path.name[1:]) for path in folders)]

    def last_version(self) -> PublishedVersion | None:
        """Return the newest complete version, or None where nothing is published."""
        versions = self.list_versions()
        return versions[-1] if versions else None

    def write_version(
        self, number: int, splits: Mapping[str, pa.Table], card: str, manifest: Mapping[str, object]
    ) -> PublishedVersion:
        """Add a version. README.md still names the files of the last one: see `point_to`.

        Args:
            number: one more than the last version's.
            splits: rows by split. A split without rows gets no file: `datasets` cannot read an empty one.
            card: text of the card, whose header names files as `data/SPLIT-*.parquet`.
            manifest: entries of manifest.json; the files are added to it with their sizes and hashes.

        Raises:
            PublishError: the disk refused a file; no part of the version stays.
        """
        part, complete = self.folder / f".v{number}.part", self.folder / f"v{number}"
        try:
            shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
            (part / "data").mkdir(parents=True)
            files = [_write_split(part, split, rows) for split, rows in splits.items() if rows.num_rows]
            (part / CARD).write_text(card, encoding="utf-8")
            entries = {**manifest, "files": files, "card": _describe_file(part / CARD, part)}
            text = json.dumps(entries, indent=1, ensure_ascii=False)
            (part / MANIFEST).write_text(text + "\n", encoding="utf-8")
            for path in (*part.rglob("*"), part):
                _sync_to_disk(path)
            part.rename(complete)
            _sync_to_disk(self.folder)
        except (OSError, pa.ArrowException) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise PublishError(f"{complete}: cannot be written: {error}", path=complete) from error
        return self._read_version(number)

    def point_to(self, version: PublishedVersion) -> None:
        """Make README.md name the files of a version; write nothing where it does already."""
        path, card = self.folder / CARD, self._card_of_folder(version)
        if not path.exists() or path.read_text(encoding="utf-8") != card:
            with atomic_write(path) as part:
                part.write_text(card, encoding="utf-8")

    def _card_of_folder(self, version: PublishedVersion) -> str:
        """Return a version's card with file paths that start at the folder of the dataset."""
        path = version.path / CARD
        text = path.read_text(encoding="utf-8")
        match = _HEADER.match(text)
        if match is None:
            raise PublishError(f"{path}: expected a header between two lines ---; was it changed by hand?", path=path)
        header = yaml.safe_load(match[1])
        for file in header["configs"][0]["data_files"]:
            file["path"] = f"v{version.number}/{file['path']}"
        return f"---\n{dump_yaml(header)}---\n{text[match.end() :]}"

    def _read_version(self, number: int) -> PublishedVersion:
        folder = self.folder / f"v{number}"
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            return PublishedVersion(number, folder, manifest)
        except (OSError, ValueError) as error:
            raise PublishError(
                f"{path}: cannot be read ({error}); move {folder} away to go on without it", path=path
            ) from None


def dump_yaml(value: object) -> str:
    """Return YAML that keeps the order of keys, with each value on one line."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6)


def _write_split(folder: Path, split: str, rows: pa.Table) -> FileEntry:
    path = folder / "data" / f"{split}-00000-of-00001.parquet"
    pq.write_table(rows, path, compression="zstd")
    return {"split": split, "rows": rows.num_rows, **_describe_file(path, folder)}


def _describe_file(path: Path, folder: Path) -> FileEntry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": str(path.relative_to(folder)), "bytes": path.stat().st_size, "sha256": digest}


def _sync_to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk, so that a power failure after the rename loses nothing."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
