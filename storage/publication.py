"""A data set that has left the lake: a folder of versions, each complete, which Hugging Face's `datasets` reads.

    NAME/README.md    the card of the last version; its header names that version's files, so it says which is the last
    NAME/v1, v2, ...  README.md, manifest.json and data/SPLIT-00000-of-00001.parquet; never changed afterwards

A version is written beside the others and renamed when it is whole, then README.md is replaced in one step. Whoever
reads NAME meets the version before or the new one, and a process that is killed between the two leaves the one before:
the next publication points to what is there.
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
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from storage.errors import ConfigError, PublishError
from storage.files import written

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
CARD, MANIFEST = "README.md", "manifest.json"
_HEADER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


@dataclass(frozen=True)
class Version:
    """One version; what its manifest says."""

    number: int
    path: Path
    manifest: Mapping[str, Any]

    def table(self) -> pa.Table:
        """Its rows, with the column `split`."""
        parts = []
        for file in self.manifest["files"]:
            data = pq.read_table(self.path / file["path"], partitioning=None)
            parts.append(data.append_column("split", pa.array([file["split"]] * data.num_rows, pa.string())))
        return pa.concat_tables(parts)


class Publication:
    """The versions of one data set.

    Args:
        folder: DIR/NAME; made when something is published there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder, so that no two publications write at once; one that stayed empty is removed.

        Raises:
            ConfigError: it can't be made or written to.
            PublishError: another publication holds it.
        """
        made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            held = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise ConfigError(f"--out {self.folder.parent}: cannot be written: {error.strerror}") from None
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PublishError(
                    f"{self.folder}: another publication works on it; try again when it is done"
                ) from None
            yield
        finally:
            os.close(held)
            with suppress(OSError):  # not empty: something was published
                for folder in made:
                    folder.rmdir()

    def versions(self) -> list[Version]:
        """Every complete version, the oldest first.

        Raises:
            PublishError: a manifest can't be read.
        """
        numbers = sorted(int(p.name[1:]) for p in self.folder.glob("v*") if re.fullmatch(r"v[1-9]\d*", p.name))
        return [self._version(number) for number in numbers]

    def last(self) -> Version | None:
        """The newest complete version."""
        return found[-1] if (found := self.versions()) else None

    def write(self, number: int, splits: Mapping[str, pa.Table], card: str, manifest: Mapping[str, Any]) -> Version:
        """Add a version; the manifest gets the files with their sizes and hashes. README.md still names the last one.

        Args:
            number: one more than the last version's.
            splits: rows by split. A split without rows gets no file: `datasets` reads none of no rows.
            card: README.md, whose header names files as `data/SPLIT-*.parquet`.
            manifest: what else is to be known of the version.

        Raises:
            PublishError: the disk refused; nothing is there then.
        """
        part, done = self.folder / f".v{number}.part", self.folder / f"v{number}"
        try:
            shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
            (part / "data").mkdir(parents=True)
            files = []
            for split, data in splits.items():
                if data.num_rows:
                    path = part / "data" / f"{split}-00000-of-00001.parquet"
                    pq.write_table(data, path, compression="zstd")
                    files.append({"split": split, "rows": data.num_rows, **_facts(path, part)})
            (part / CARD).write_text(card, encoding="utf-8")
            text = json.dumps(
                {**manifest, "files": files, "card": _facts(part / CARD, part)}, indent=1, ensure_ascii=False
            )
            (part / MANIFEST).write_text(text + "\n", encoding="utf-8")
            for path in (*part.rglob("*"), part):
                _settle(path)
            part.rename(done)
            _settle(self.folder)
        except (OSError, pa.ArrowException) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise PublishError(f"{done}: cannot be written: {error}") from error
        return self._version(number)

    def point(self, version: Version) -> None:
        """Make README.md name the files of a version; nothing is written where it does already."""
        path, wanted = self.folder / CARD, self._pointing(version)
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            with written(path) as part:
                part.write_text(wanted, encoding="utf-8")

    def _pointing(self, version: Version) -> str:
        text = (version.path / CARD).read_text(encoding="utf-8")
        found = _HEADER.match(text)
        if found is None:
            raise PublishError(
                f"{version.path / CARD}: expected a header between two lines ---; was it changed by hand?"
            )
        header = yaml.safe_load(found[1])
        for file in header["configs"][0]["data_files"]:
            file["path"] = f"v{version.number}/{file['path']}"
        return f"---\n{as_yaml(header)}---\n{text[found.end() :]}"

    def _version(self, number: int) -> Version:
        path = self.folder / f"v{number}"
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            return Version(number, path, manifest)
        except (OSError, ValueError) as error:
            raise PublishError(
                f"{path / MANIFEST}: cannot be read ({error}); move {path} away to go on without it"
            ) from None


def as_yaml(value: Any) -> str:
    """YAML that keeps the order of keys, and each value on one line."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6)


def _facts(path: Path, root: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": str(path.relative_to(root)), "bytes": path.stat().st_size, "sha256": digest}


def _settle(path: Path) -> None:
    """On the disk before the rename is, also where the power fails."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
