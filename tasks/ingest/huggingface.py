"""Read datasets through `datasets`: on the hub, in a folder, or one local file. Streamed, nothing is cached."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.columns import check_columns, convert_row, read_source_id
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.records import Fields, build_problem
from tasks.ingest.settings import HuggingFaceSource
from tasks.reading.problem import Problem

_BUILDERS = {".parquet": "parquet", ".json": "json", ".jsonl": "json", ".csv": "csv"}
"""Names of the readers of `datasets`, by suffix of a local file."""
_SUFFIXES = ", ".join(_BUILDERS)


def read_huggingface(settings: HuggingFaceSource) -> Iterator[SourceRecord]:
    """Read the rows of one split in its own order.

    Raises:
        ConfigError: no such dataset, configuration, split or column, or it cannot be read.
    """
    path = Path(settings.path)
    source = settings.name or (path.stem if path.exists() else settings.path)
    label = path.name if path.exists() else settings.path
    for number, row in enumerate(stream_rows(settings.path, settings.config, settings.split, settings.revision)):
        if number == 0:
            check_columns(settings, row)
        where, source_id = f"{label}@{settings.split}:{number}", None
        try:
            source_id = read_source_id(row, number, settings)
            record: Problem | DroppedRecord = build_problem(convert_row(row, number, where, source, settings))
        except UnusableRecordError as error:
            raw = json.dumps(row, ensure_ascii=False, default=repr)
            record = drop_record(source, where, error, raw, source_id)
        yield where, record


def stream_rows(path: str, config: str | None, split: str, revision: str | None) -> Iterator[Fields]:
    """Yield the rows of one split of a dataset on the hub, of a folder, or of one local file.

    Raises:
        ConfigError: it cannot be read.
    """
    # Importing it takes seconds, and only this source needs it.
    import datasets

    try:
        # Nothing is cached when streaming, but a lock file per call is left wherever the cache would be.
        with tempfile.TemporaryDirectory() as cache:
            yield from datasets.load_dataset(
                **_build_arguments(path, config, revision), split=split, streaming=True, cache_dir=cache
            )
    except (datasets.exceptions.DatasetsError, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        cause = " ".join(str(error).split())[:300] or type(error).__name__
        raise ConfigError(
            f"{path}: cannot be read as a dataset (huggingface path, config {config!r}, split {split!r}): {cause}; "
            f"expected a name on the hub, a folder, or a file of {_SUFFIXES}",
            field="path",
        ) from None


def _build_arguments(path: str, config: str | None, revision: str | None) -> dict[str, object]:
    """Return arguments of `load_dataset`: a local file by the reader of its format, anything else by its name."""
    file = Path(path)
    if file.suffix in _BUILDERS:
        if not file.is_file():
            raise ConfigError(f"{file}: no such file (huggingface path); expected a file of {_SUFFIXES}", field="path")
        return {"path": _BUILDERS[file.suffix], "data_files": {"train": str(file)}}
    return {"path": path, "name": config, "revision": revision}
