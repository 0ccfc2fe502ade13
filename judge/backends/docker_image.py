"""The image of a container without a named one: empty folders, into which this machine's interpreter is bound."""

import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from judge.backends.docker_daemon import owner_labels

if TYPE_CHECKING:
    from docker import DockerClient

INSIDE = Path(__file__).parents[1] / "inside"
JUDGE = "/judge"
ROOTS = ("/usr", "/bin", "/lib", "/lib64")
FOLDERS = ("dev", "etc", "proc", "sys", "tmp", "judge/inside", "judge/control")


def _prefix() -> Path:
    return Path(sys.base_prefix).resolve()


def python() -> str:
    """Return the interpreter's path, which is the same inside the container."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def interpreter() -> list[Path]:
    """Return the folders of this machine that hold the interpreter and its libraries."""
    folders = [path for path in map(Path, ROOTS) if path.is_dir() and not path.is_symlink()]
    return folders if _prefix().is_relative_to("/usr") else [*folders, _prefix()]


def _pack_root() -> bytes:
    """Pack a tar of empty folders, and of the links that this machine has in place of /bin and /lib."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        folders = [*FOLDERS, *(str(path).lstrip("/") for path in interpreter())]
        for name in sorted({str(p) for f in folders for p in (Path(f), *Path(f).parents)} - {"."}):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        for link in (path for path in map(Path, ROOTS) if path.is_symlink()):
            entry = tarfile.TarInfo(str(link).lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, str(link.readlink())
            tar.addfile(entry)
    return data.getvalue()


def make_empty(client: "DockerClient") -> str:
    """Import an image of empty folders, which the caller removes; return its id."""
    return import_image(client, _pack_root(), owner_labels("image"))


def import_image(
    client: "DockerClient", root: bytes | IO[bytes] | Iterator[bytes], labels: dict[str, str], tag: str | None = None
) -> str:
    """Import a tar as an image with labels and, if given, a tag `repository:name`; return its id."""
    changes = [f'LABEL {name}="{value}"' for name, value in labels.items()]
    repository, _, name = (tag or "").rpartition(":")
    progress: str = client.api.import_image_from_data(root, repository or None, name or None, changes)
    return str(json.loads(progress.splitlines()[-1])["status"])
