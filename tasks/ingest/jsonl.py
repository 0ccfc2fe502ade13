"""Read Patchmill's own exchange form: one JSON object a line with exactly the fields of `Problem`."""

from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import SourceRecord
from tasks.ingest.lines import convert_lines, open_lines, translate_errors
from tasks.ingest.records import Fields
from tasks.ingest.settings import JsonlSource

_FIX = "expected a .jsonl file or a folder of them"


def read_jsonl(settings: JsonlSource) -> Iterator[SourceRecord]:
    """Read the problems of one file, or of all .jsonl and .jsonl.gz files of a folder in order of name.

    Raises:
        ConfigError: a file is missing or unreadable, or the folder has none.
    """

    def convert(fields: Fields, where: str) -> Fields:
        problem_fields = dict(fields)
        if settings.name is not None:
            problem_fields["source"] = settings.name
        if settings.licence is not None:
            problem_fields.setdefault("licence", settings.licence)
        return problem_fields

    for path in _list_files(settings.path):
        with translate_errors(path, "jsonl path", _FIX), open_lines(path) as file:
            yield from convert_lines(file, settings.name or "jsonl", path.name, "source_id", convert)


def _list_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.name.endswith((".jsonl", ".jsonl.gz")))
    if not files:
        raise ConfigError(f"{path}: no .jsonl file in this folder (jsonl path); {_FIX}", field="path")
    return files
