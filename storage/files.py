"""Write a file as a whole, or leave the one before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import ConfigError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a path to write to, beside `path`; rename it to `path` after the body, or delete it where the body fails.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}", source=path) from None
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
