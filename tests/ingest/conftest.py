"""Builders of small source files, and a reader of any source."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tasks.ingest.dropped import DroppedRecord
from tasks.ingest.settings import Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem
from tests.ingest.sources import Line, Read, Records, WriteJsonl


@pytest.fixture
def read() -> Read:
    """Read the source of these settings."""

    def read_settings(**settings: object) -> Records:
        source: Source = TypeAdapter(Source).validate_python(settings)
        records = list(read_source(source))
        problems = [record for record in records if isinstance(record, Problem)]
        return problems, [record for record in records if isinstance(record, DroppedRecord)]

    return read_settings


@pytest.fixture
def line() -> Line:
    """Build one problem of the exchange form."""

    def build(without: Iterable[str] = (), **fields: object) -> dict[str, object]:
        values = {
            "source": "own",
            "source_id": "one",
            "prompt": "Write f(x).",
            "entry_point": "f",
            "tests": {"kind": "asserts", "setup": "", "asserts": ["assert f(1) == 1"]},
            "licence": "MIT",
            **fields,
        }
        return {name: value for name, value in values.items() if name not in without}

    return build


@pytest.fixture
def jsonl(tmp_path: Path) -> WriteJsonl:
    """Write rows, or bytes as they are, one a line."""

    def write(*rows: dict[str, object] | bytes, name: str = "problems.jsonl") -> Path:
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        path = tmp_path / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    return write
