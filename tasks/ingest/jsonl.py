"""Our own interchange: one JSON object a line with exactly the fields of Problem."""

from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import Found
from tasks.ingest.lines import each_row, naming, opened
from tasks.ingest.records import Fields
from tasks.ingest.settings import JsonlSource

_FIX = "expected a .jsonl file or a folder of them"


def read(settings: JsonlSource) -> Iterator[Found]:
    """The problems of one file, or of all .jsonl and .jsonl.gz files of a folder in order of name.

    Raises:
        ConfigError: a file is missing or unreadable, or the folder has none.
    """

    def convert(row: Fields, where: str) -> Fields:
        fields = dict(row)
        if settings.name is not None:
            fields["source"] = settings.name
        if settings.licence is not None:
            fields.setdefault("licence", settings.licence)
        return fields

    for file in _files(settings.path):
        with naming(file, "jsonl path", _FIX), opened(file) as stream:
            yield from each_row(stream, settings.name or "jsonl", file.name, "source_id", convert)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.name.endswith((".jsonl", ".jsonl.gz")))
    if not found:
        raise ConfigError(f"{path}: no .jsonl file in this folder (jsonl path); {_FIX}")
    return found
