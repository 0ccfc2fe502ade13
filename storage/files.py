"""Whole files or none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import ConfigError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, renamed onto it at the end; removed when the body fails.

    Raises:
        ConfigError: the folder can't be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from None
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
