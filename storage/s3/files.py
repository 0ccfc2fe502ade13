"""The data files of a lake on S3, as DuckDB opens them: read only, with sizes and small files cached.

A data file never changes, so nothing that is cached can become stale.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

SMALL_BYTES = 1 << 20
"""Files up to this size are fetched whole."""
SMALL_FILES_CACHED = 64
SIZES_CACHED = 1 << 16


class S3Files(AbstractFileSystem):  # type: ignore[misc]  # untyped
    """File system over obstore. DuckDB opens a file and asks for its size and time whenever it binds a view.

    Args:
        open_store: returns obstore's store of a bucket, by its name.
    """

    protocol = "s3"
    cachable = False

    def __init__(self, open_store: Callable[[str], Any]) -> None:
        super().__init__()
        self._open_store = open_store
        self._cached_info = lru_cache(SIZES_CACHED)(self._fetch_info)
        self._cached_content = lru_cache(SMALL_FILES_CACHED)(self._fetch_content)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return name, size, type and time of a file; raise FileNotFoundError where there is none."""
        return self._cached_info(str(self._strip_protocol(path)))

    def modified(self, path: str) -> Any:
        """Return when a file was written."""
        return self.info(path)["modified"]

    def read_range(self, path: str, start: int, end: int) -> bytes:
        """Return some bytes of a file."""
        store, key = self._locate(path)
        return bytes(store.get_range(key, start=start, end=end))

    def _fetch_info(self, path: str) -> dict[str, Any]:
        store, key = self._locate(path)
        head = store.head(key)
        return {"name": path, "size": head["size"], "type": "file", "modified": head["last_modified"]}

    def _fetch_content(self, path: str) -> bytes:
        store, key = self._locate(path)
        return bytes(store.get(key).bytes())

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        size = self.info(path)["size"]
        return io.BytesIO(self._cached_content(path)) if size <= SMALL_BYTES else _S3File(self, path, mode, size=size)

    def _locate(self, path: str) -> tuple[Any, str]:
        bucket, _, key = path.partition("/")
        return self._open_store(bucket), key


class _S3File(AbstractBufferedFile):  # type: ignore[misc]  # untyped
    def _fetch_range(self, start: int, end: int) -> bytes:
        return bytes(self.fs.read_range(self.path, start, end))
