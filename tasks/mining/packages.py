"""Code with its licence: checkouts and installed packages, opened for reading. Nothing of them is imported."""

import importlib.metadata
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from storage.errors import ConfigError
from tasks.mining import git, licences
from tasks.mining.settings import FolderSource, GitSource

_LICENCE_FILE = re.compile(r"(?:un)?licen[cs]e.*|copying.*", re.IGNORECASE)
_METADATA = re.compile(r"\.(?:dist|egg)-info$")


@dataclass(frozen=True)
class Package:
    """A package or checkout whose licence is known."""

    name: str
    version: str
    commit: str | None
    licence: str
    """SPDX expression."""
    licence_file: str
    """Below the root, or below the folder that packages are installed in."""
    files: tuple[tuple[PurePosixPath, Path], ...]
    """Its .py files: place below the root, and where to read it."""


def opened(source: FolderSource | GitSource) -> Iterator[Package]:
    """The packages of one source, in the order in which it names them.

    Raises:
        ConfigError: a folder, package, repository or licence file is missing, or a licence is not recognised.
    """
    if isinstance(source, GitSource):
        path, commit = git.checkout(source)
        yield _folder(path, git.repository(source.url), commit, source.licence)
    elif source.path is not None:
        yield _folder(source.path, source.path.absolute().name, None, source.licence)
    else:
        yield from (_installed(name, source.licence) for name in source.packages or ())


def _folder(root: Path, name: str, commit: str | None, stated: str | None) -> Package:
    if not root.is_dir():
        raise ConfigError(f"{root}: no such folder (folder path); name a checkout, or installed packages by `packages`")
    found = tuple(sorted((PurePosixPath(path.relative_to(root)), path) for path in _walk(root)))
    top = [
        (where, path) for where, path in found
        if path.suffix != ".py" and (
            _LICENCE_FILE.fullmatch(str(where)) if len(where.parts) == 1 else where.parts[:-1] == ("LICENSES",)
        )
    ]  # fmt: skip
    licence = _licence(str(root), top, stated)
    files = tuple((where, path) for where, path in found if path.suffix == ".py")
    return Package(name, "", commit, licence, str(top[0][0]), files)


def _walk(root: Path) -> Iterator[Path]:
    """Files below a folder; nothing hidden, and no links, which may lead anywhere."""
    for here, folders, names in os.walk(root):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        yield from (path for name in names if not (path := Path(here, name)).is_symlink())


def _installed(name: str, stated: str | None) -> Package:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(
            f"{name}: no such package is installed here (folder packages); install it, or remove it from `packages`"
        ) from None
    listed = sorted((PurePosixPath(file), Path(str(found.locate_file(file)))) for file in found.files or ())
    files = [(where, path) for where, path in listed if not where.is_absolute() and ".." not in where.parts]
    texts = [(where, path) for where, path in files if _is_licence(where)]
    metadata = found.metadata
    fields = [*(metadata.get_all("License-Expression") or ()), *(metadata.get_all("License") or ())]
    said = next(filter(None, map(licences.expression, fields)), None)
    licence = _licence(name, texts, said or stated, trusted=said is not None)
    code = tuple((where, path) for where, path in files if path.suffix == ".py")
    return Package(metadata["Name"], found.version, None, licence, str(texts[0][0]), code)


def _is_licence(where: PurePosixPath) -> bool:
    """Whether an installed file is the package's own licence; those of what it bundles lie deeper."""
    parts = where.parts
    if len(parts) < 2 or not _METADATA.search(parts[0]) or not _LICENCE_FILE.fullmatch(parts[-1]):
        return False
    return len(parts) == 2 or (len(parts) == 3 and parts[1].lower() in ("licenses", "license_files"))


def _licence(name: str, texts: Sequence[tuple[PurePosixPath, Path]], stated: str | None, trusted: bool = False) -> str:
    """SPDX expression: what metadata state, else what all the texts together are, else what the settings state."""
    if not texts:
        raise ConfigError(
            f"{name}: no licence file (LICENSE..., COPYING...), so nobody knows what may be done with its code; "
            "add the one it is published under, or leave it out"
        )
    if stated and trusted:
        return stated
    known = [licences.recognised(path.read_text(encoding="utf-8", errors="replace")) for _, path in texts]
    if all(known):
        return licences.together(part for one in known if one for part in one.split(" AND ")) or ""
    if stated:
        return stated
    unknown = next(str(where) for (where, _), one in zip(texts, known, strict=True) if one is None)
    raise ConfigError(
        f"{name}: {unknown} is no licence that is recognised; read it and state its SPDX name as `licence` of the "
        "source, or leave it out"
    )
