"""Data sets that `datasets` reads: on the hub, in a folder, or one local file. Streamed, nothing is cached."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.errors import ConfigError
from tasks.ingest.columns import check_columns, convert, source_id
from tasks.ingest.dropped import Dropped, Found, UnusableError, dropped
from tasks.ingest.records import problem
from tasks.ingest.settings import HuggingFaceSource
from tasks.reading.problem import Problem

_BUILDERS = {".parquet": "parquet", ".json": "json", ".jsonl": "json", ".csv": "csv"}


def read(settings: HuggingFaceSource) -> Iterator[Found]:
    """The rows of one split as problems.

    Raises:
        ConfigError: no such data set, configuration, split or column, or it cannot be read.
    """
    name = source_name(settings)
    label = Path(settings.path).name if Path(settings.path).exists() else settings.path
    for number, row in enumerate(_rows(settings)):
        if number == 0:
            check_columns(settings, row)
        where, known = f"{label}@{settings.split}:{number}", None
        try:
            known = source_id(row, number, settings)
            made: Problem | Dropped = problem(convert(row, number, where, name, settings))
        except UnusableError as bad:
            made = dropped(name, where, bad, json.dumps(row, ensure_ascii=False, default=repr), known)
        yield where, made


def source_name(settings: HuggingFaceSource) -> str:
    """The `source` of its problems."""
    local = Path(settings.path)
    return settings.name or (local.stem if local.exists() else settings.path)


def _rows(settings: HuggingFaceSource) -> Iterator[dict[str, Any]]:
    # Importing it takes seconds, and only this source needs it.
    import datasets

    try:
        # Nothing is cached when streaming, but a lock file per call is left wherever the cache would be.
        with tempfile.TemporaryDirectory() as cache:
            yield from datasets.load_dataset(
                **_arguments(settings), split=settings.split, streaming=True, cache_dir=cache
            )
    except (datasets.exceptions.DatasetsError, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        raise ConfigError(
            f"{settings.path}: cannot be read as a data set (huggingface path, config {settings.config!r}, "
            f"split {settings.split!r}): {why}; expected a name on the hub, a folder, or a file of {_suffixes()}"
        ) from None


def _arguments(settings: HuggingFaceSource) -> dict[str, Any]:
    """What `load_dataset` is told: a file by the reader of its format, everything else by its name."""
    path = Path(settings.path)
    if path.suffix in _BUILDERS:
        if not path.is_file():
            raise ConfigError(f"{path}: no such file (huggingface path); expected a file of {_suffixes()}")
        return {"path": _BUILDERS[path.suffix], "data_files": {"train": str(path)}}
    return {"path": settings.path, "name": settings.config, "revision": settings.revision}


def _suffixes() -> str:
    return ", ".join(_BUILDERS)
