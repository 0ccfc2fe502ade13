"""The data files of a lake on S3 as DuckDB opens them: read only, and looked up once, since none ever changes."""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

SMALL, SMALL_KEPT, KNOWN = 1 << 20, 64, 1 << 16
"""Files of so many bytes are fetched whole, and so many of them kept; files of which the size is kept."""


class S3Files(AbstractFileSystem):  # type: ignore[misc]  # untyped
    """DuckDB asks for size and time of a file whenever it binds a view, and opens it anew.

    Args:
        store: from the name of a bucket to obstore's store of it.
    """

    protocol = "s3"
    cachable = False

    def __init__(self, store: Callable[[str], Any]) -> None:
        super().__init__()
        self._store = store
        self.head = lru_cache(KNOWN)(self._head)
        self.whole = lru_cache(SMALL_KEPT)(lambda path: bytes(self._at(path)[0].get(self._at(path)[1]).bytes()))

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, size and time; raises FileNotFoundError."""
        return self.head(str(self._strip_protocol(path)))

    def modified(self, path: str) -> Any:
        """When it was written."""
        return self.info(path)["modified"]

    def range(self, path: str, start: int, end: int) -> bytes:
        """Bytes of a file."""
        store, key = self._at(path)
        return bytes(store.get_range(key, start=start, end=end))

    def _head(self, path: str) -> dict[str, Any]:
        store, key = self._at(path)
        found = store.head(key)
        return {"name": path, "size": found["size"], "type": "file", "modified": found["last_modified"]}

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        size = self.info(path)["size"]
        return io.BytesIO(self.whole(path)) if size <= SMALL else _File(self, path, mode, size=size)

    def _at(self, path: str) -> tuple[Any, str]:
        bucket, _, key = path.partition("/")
        return self._store(bucket), key


class _File(AbstractBufferedFile):  # type: ignore[misc]
    def _fetch_range(self, start: int, end: int) -> bytes:
        return bytes(self.fs.range(self.path, start, end))
