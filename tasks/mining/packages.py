"""Open code together with its licence: checkouts and installed packages. Files are listed, nothing is imported."""

import importlib.metadata
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from storage.errors import ConfigError
from tasks.mining import git
from tasks.mining.licences import canonicalize_expression, join_licences, recognise_licence
from tasks.mining.settings import FolderSource, GitSource

_LICENCE_FILE = re.compile(r"(?:un)?licen[cs]e.*|copying.*", re.IGNORECASE)
_METADATA = re.compile(r"\.(?:dist|egg)-info$")

Files = tuple[tuple[PurePosixPath, Path], ...]
"""Files of a package: place below its root, and path to read."""


@dataclass(frozen=True)
class Package:
    """A package or checkout whose licence is known."""

    name: str
    version: str
    """Empty for a checkout."""
    commit: str | None
    licence: str
    """SPDX expression."""
    licence_file: str
    """Place below the root, or below the folder that packages are installed in."""
    files: Files
    """Its .py files."""


def open_packages(source: FolderSource | GitSource) -> Iterator[Package]:
    """Open the packages of one source, in the order in which it names them.

    Raises:
        ConfigError: a folder, package, repository or licence file is missing, or a licence is not recognised.
    """
    if isinstance(source, GitSource):
        path, commit = git.fetch_commit(source)
        yield _open_folder(path, git.repository_name(source.url), commit, source.licence)
    elif source.path is not None:
        yield _open_folder(source.path, source.path.absolute().name, None, source.licence)
    else:
        yield from (_open_installed(name, source.licence) for name in source.packages or ())


def _open_folder(root: Path, name: str, commit: str | None, stated_licence: str | None) -> Package:
    if not root.is_dir():
        raise ConfigError(f"{root}: no such folder (folder path); name a checkout, or installed packages by `packages`")
    files = tuple(sorted((PurePosixPath(path.relative_to(root)), path) for path in _walk(root)))
    licence_files = [
        (place, path) for place, path in files
        if path.suffix != ".py" and (
            _LICENCE_FILE.fullmatch(str(place)) if len(place.parts) == 1 else place.parts[:-1] == ("LICENSES",)
        )
    ]  # fmt: skip
    licence = _determine_licence(str(root), licence_files, None, stated_licence)
    return Package(name, "", commit, licence, str(licence_files[0][0]), _keep_python(files))


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files below a folder: no hidden folders, and no links, which may lead anywhere."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        yield from (path for name in names if not (path := Path(folder, name)).is_symlink())


def _open_installed(name: str, stated_licence: str | None) -> Package:
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(
            f"{name}: no such package is installed here (folder packages); install it, or remove it from `packages`"
        ) from None
    recorded = sorted(
        (PurePosixPath(file), Path(str(distribution.locate_file(file)))) for file in distribution.files or ()
    )
    files = tuple((place, path) for place, path in recorded if not place.is_absolute() and ".." not in place.parts)
    licence_files = [(place, path) for place, path in files if _is_licence_file(place)]
    metadata = distribution.metadata
    fields = [*(metadata.get_all("License-Expression") or ()), *(metadata.get_all("License") or ())]
    declared_licence = next(filter(None, map(canonicalize_expression, fields)), None)
    licence = _determine_licence(name, licence_files, declared_licence, stated_licence)
    return Package(
        metadata["Name"], distribution.version, None, licence, str(licence_files[0][0]), _keep_python(files)
    )  # fmt: skip


def _keep_python(files: Files) -> Files:
    return tuple((place, path) for place, path in files if path.suffix == ".py")


def _is_licence_file(place: PurePosixPath) -> bool:
    """Return whether an installed file is the package's own licence; licences of what it bundles lie deeper."""
    parts = place.parts
    if len(parts) < 2 or not _METADATA.search(parts[0]) or not _LICENCE_FILE.fullmatch(parts[-1]):
        return False
    return len(parts) == 2 or (len(parts) == 3 and parts[1].lower() in ("licenses", "license_files"))


def _determine_licence(
    name: str, licence_files: Sequence[tuple[PurePosixPath, Path]], declared: str | None, stated: str | None
) -> str:
    """Return the SPDX expression of a package's licence.

    Args:
        name: of the package or folder, for errors.
        licence_files: place and path of each.
        declared: what the package's metadata say; it counts first, then what all files together are recognised as.
        stated: what the source's settings say; it counts where a file is not recognised.

    Raises:
        ConfigError: there is no licence file, or nothing of the above gives a licence.
    """
    if not licence_files:
        raise ConfigError(
            f"{name}: no licence file (LICENSE..., COPYING...), so its code may not be used; "
            "add the licence that it is published under, or leave it out"
        )
    if declared:
        return declared
    recognised = [
        (place, recognise_licence(path.read_text(encoding="utf-8", errors="replace"))) for place, path in licence_files
    ]
    unrecognised = [place for place, licence in recognised if licence is None]
    if not unrecognised:
        return join_licences(part for _, licence in recognised if licence for part in licence.split(" AND ")) or ""
    if stated:
        return stated
    raise ConfigError(
        f"{name}: {unrecognised[0]} is no licence that is recognised; read it and state its SPDX name as `licence` of "
        "the source, or leave it out"
    )
