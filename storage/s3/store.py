"""A lake on S3: what DuckDB and the leases need beside Delta Lake's own access.

Credentials, region and endpoint come from the usual variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL) or from the machine's role. Delta Lake reads the same ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import ConfigError, LakeError

if TYPE_CHECKING:
    from storage.s3.files import S3Files

SCHEME = "s3://"
ETag = str
"""Names one state of an object."""


def is_s3(root: str) -> bool:
    """Return whether a lake lies on S3."""
    return root.startswith(SCHEME)


def delta_options(root: str) -> dict[str, str]:
    """Return Delta Lake's storage options for a lake; on S3, a commit is a put that fails where the version exists."""
    if not is_s3(root):
        return {}
    return {"aws_conditional_put": "etag", "aws_allow_http": "true" if _is_plain_http() else "false"}


def duckdb_filesystem() -> S3Files:
    """Return the file system through which DuckDB opens s3:// paths, without an extension of its own.

    Raises:
        ConfigError: obstore is not installed.
    """
    _require_obstore()
    return _cached_filesystem()


@cache
def _cached_filesystem() -> S3Files:
    from storage.s3.files import S3Files

    return S3Files(lambda bucket: _store(f"{SCHEME}{bucket}"))


def read_object(root: str, name: str) -> tuple[bytes, ETag] | None:
    """Return content and ETag of an object below a lake; None where there is none.

    Raises:
        LakeError: the store can't be reached, or refuses the request. The functions below raise it, too.
    """
    with _store_errors(f"{root}/{name}", "read"):
        try:
            answer = _store(root).get(name)
        except FileNotFoundError:
            return None
        return bytes(answer.bytes()), str(answer.meta["e_tag"])


def write_object(root: str, name: str, content: bytes, etag: ETag | None) -> ETag | None:
    """Write an object if it is still in the state `etag`, or if `etag` is None and there is no such object.

    Returns:
        Its new ETag, or None where another writer came first; nothing was written then.
    """
    with _store_errors(f"{root}/{name}", "written"):
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            return str(_store(root).put(name, content, mode="create" if etag is None else {"e_tag": etag})["e_tag"])
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return None


def list_objects(root: str, folder: str) -> list[str]:
    """List the objects in a folder of a lake, by their names below the lake."""
    with _store_errors(f"{root}/{folder}", "listed"):
        return [str(entry["path"]) for page in _store(root).list(folder) for entry in page]


def upload_file(root: str, name: str, path: Path) -> None:
    """Write a local file to an object below a lake, in pieces where it is large."""
    with _store_errors(f"{root}/{name}", "written"):
        _store(root).put(name, path)


def delete_object(root: str, name: str) -> None:
    """Delete an object below a lake, if it exists."""
    with _store_errors(f"{root}/{name}", "deleted"), suppress(FileNotFoundError):
        _store(root).delete(name)


@contextmanager
def _store_errors(url: str, action: str) -> Iterator[None]:
    """Raise LakeError, in one line, for an error of the store in the body."""
    _require_obstore()
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        raise LakeError(
            f"{url}: cannot be {action}: {str(error).splitlines()[0].strip()}; check AWS_ENDPOINT_URL, "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION"
        ) from error


@cache
def _store(root: str) -> Any:
    from obstore.store import from_url

    return from_url(root, client_options={"allow_http": _is_plain_http()})


def _is_plain_http() -> bool:
    return os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")


def _require_obstore() -> None:
    try:
        import obstore  # noqa: F401
    except ImportError:
        raise ConfigError(
            f"lake.path: a lake on S3 needs obstore; {sys.executable} -m pip install 'obstore>=0.8', "
            "or name a folder (--lake PATH)",
            field="lake.path",
        ) from None
