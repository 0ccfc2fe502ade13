"""A lake on S3: what Delta Lake does not do for us there. DuckDB reads through it, and leases are objects in it.

Credentials, region and endpoint are those of the usual variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL) or of the machine's role; Delta Lake takes them from there, too.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from storage.errors import ConfigError, LakeError

SCHEME = "s3://"
Version = str
"""ETag of one state of an object."""


def remote(root: str) -> bool:
    """Whether a lake lies on S3."""
    return root.startswith(SCHEME)


def options(root: str) -> dict[str, str]:
    """Delta Lake's storage options of a lake: each commit is a put that fails where the version exists."""
    if not remote(root):
        return {}
    return {"aws_conditional_put": "etag", "aws_allow_http": "true" if _plain_http() else "false"}


def filesystem() -> Any:
    """What DuckDB opens s3:// paths with: no extension of its own is needed, and it still reads only what it must."""
    _needed()
    return _files()


@cache
def _files() -> Any:
    from storage.s3.files import S3Files

    return S3Files(lambda bucket: _store(f"{SCHEME}{bucket}"))


def read(root: str, name: str) -> tuple[bytes, Version] | None:
    """Content and version of an object below a lake, or None where there is none.

    Raises:
        LakeError: the store can't be reached, or refuses us; so do the others.
    """
    with _told(f"{root}/{name}", "read"):
        try:
            found = _store(root).get(name)
        except FileNotFoundError:
            return None
        return bytes(found.bytes()), str(found.meta["e_tag"])


def write(root: str, name: str, content: bytes, seen: Version | None) -> Version | None:
    """Put an object, if it is still as it was when we looked: of version `seen`, or not there (None).

    Returns:
        Its new version, or None where another writer came first; nothing was written then.
    """
    with _told(f"{root}/{name}", "written"):
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            return str(_store(root).put(name, content, mode="create" if seen is None else {"e_tag": seen})["e_tag"])
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return None


def names(root: str, folder: str) -> list[str]:
    """Objects in a folder of a lake, by their names below the lake."""
    with _told(f"{root}/{folder}", "listed"):
        return [str(found["path"]) for page in _store(root).list(folder) for found in page]


def upload(root: str, name: str, path: Path) -> None:
    """Put a file of this machine below a lake, in pieces where it is large."""
    with _told(f"{root}/{name}", "written"):
        _store(root).put(name, path)


def delete(root: str, name: str) -> None:
    """Delete an object below a lake, if it is there."""
    with _told(f"{root}/{name}", "deleted"), suppress(FileNotFoundError):
        _store(root).delete(name)


@contextmanager
def _told(where: str, what: str) -> Iterator[None]:
    """The store's errors as ours."""
    _needed()
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        raise LakeError(
            f"{where}: cannot be {what}: {str(error).splitlines()[0].strip()}; AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_REGION say where and as whom"
        ) from error


@cache
def _store(root: str) -> Any:
    from obstore.store import from_url

    return from_url(root, client_options={"allow_http": _plain_http()})


def _plain_http() -> bool:
    return os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")


def _needed() -> None:
    try:
        import obstore  # noqa: F401
    except ImportError:
        raise ConfigError(
            f"lake.path: a lake on S3 needs obstore; {sys.executable} -m pip install 'obstore>=0.8', "
            "or name a folder (--lake PATH)"
        ) from None
