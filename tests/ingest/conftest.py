"""Builders of small source files, and the data sets that a checkout may have beside it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tasks.ingest.dropped import DroppedRecord
from tasks.ingest.settings import Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"

Got = tuple[list[Problem], list[DroppedRecord]]


@pytest.fixture
def ingest() -> Callable[..., Got]:
    """Settings as a person writes them -> (problems, dropped rows)."""

    def run(**settings: Any) -> Got:
        found = list(read_source(TypeAdapter(Source).validate_python(settings)))
        return [f for f in found if isinstance(f, Problem)], [f for f in found if isinstance(f, DroppedRecord)]

    return run


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """The path of a real data set, or a skip where the checkout has none beside it."""

    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"no {name} in ../shared/data")
        return SHARED / name

    return find


@pytest.fixture
def line() -> Callable[..., dict[str, Any]]:
    """One problem of the interchange; `without` leaves fields out, everything else replaces a field."""

    def build(without: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
        made = {
            "source": "own",
            "source_id": "one",
            "prompt": "Write f(x).",
            "entry_point": "f",
            "tests": {"kind": "asserts", "setup": "", "asserts": ["assert f(1) == 1"]},
            "licence": "MIT",
            **fields,
        }
        return {name: value for name, value in made.items() if name not in without}

    return build


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, or bytes as they are, one a line."""

    def write(*rows: dict[str, Any] | bytes, name: str = "problems.jsonl") -> Path:
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        path = tmp_path / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    return write
