"""A run says what it left out and why; of several solutions, the first that passes becomes the reference."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.run import print_report
from flows.config import RefreshConfig
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake
from tests.scripted import ScriptedServer, problem_line

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]
WRONG, RIGHT = "def add(a, b):\n    return a - b\n", "def add(a, b):\n    return a + b\n"


def write_lines(path: Path, *lines: dict[str, Any]) -> list[dict[str, str]]:
    """Write problem lines; return them as the sources of a config."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return [{"kind": "jsonl", "path": str(path)}]


def read_references(config: RefreshConfig) -> tuple[list[str], int]:
    """Return the reference of every problem, and the number of verdicts on references."""
    with Catalog(Lake(config.lake)) as catalog:
        references = catalog.rows("select reference from problems order by source_id")
        [judged] = catalog.rows(
            "select count(*) as n from executions join attempts using (attempt_id) where kind = 'reference'"
        )
    return [row["reference"] for row in references], judged["n"]


def test_a_run_ends_with_a_line_per_reason_count_and_example(
    config: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [problem_line("add"), {**problem_line("last"), "reference": WRONG}]
    extra = [{**problem_line("shout"), "source_id": f"extra{n}", "difficulty": n} for n in (1, 2)]
    nameless = {name: value for name, value in problem_line("double").items() if name != "licence"}
    report = refresh(config(sources=write_lines(tmp_path / "mixed.jsonl", *lines, *extra, nameless)))
    counts = [(drop["stage"], drop["reason"], drop["count"]) for drop in report.drops]
    assert counts[:2] == [("ingest", "unknown_field", 2), ("ingest", "missing_field", 1)]
    assert ("execute", "reference_failed", 1) in counts
    print_report(report, 1.0, False)
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("dropped by")]
    assert told[0].startswith("dropped by ingest: 2 unknown_field, such as jsonl mixed.jsonl:3 (id extra1): difficulty")
    assert told[1].startswith("dropped by ingest: 1 missing_field, such as jsonl mixed.jsonl:5 (id double): licence")
    assert any(line.startswith("dropped by execute: 1 reference_failed, such as scripted last: ") for line in told)
    assert len(told) == len(report.drops)


def test_where_every_row_is_dropped_the_reasons_are_said_and_the_lake_holds_them(
    config: Build, writer: ScriptedServer, tmp_path: Path
) -> None:
    lines = [{**problem_line("add"), "source_id": name, "prompt": ""} for name in ("a", "b")]
    built = config(sources=write_lines(tmp_path / "bad.jsonl", *lines, {"source": "x"}))
    for _ in range(2):
        with pytest.raises(ConfigError) as error:
            refresh(built)
        words = str(error.value).splitlines()
        assert words[0].endswith("got none: all 3 rows were dropped")
        assert words[1].startswith("dropped by ingest: 2 bad_value, such as jsonl bad.jsonl:1 (id a): prompt")
        assert words[2].startswith("dropped by ingest: 1 missing_field, such as jsonl bad.jsonl:3")
        assert "patchmill sql --lake" in words[3]
    with Catalog(Lake(built.lake)) as catalog:
        rows = catalog.rows("select reason, count(*) as n from drops where stage = 'ingest' group by all order by all")
    assert rows == [{"reason": "bad_value", "n": 2}, {"reason": "missing_field", "n": 1}]
    assert not writer.asked


def test_the_first_solution_that_passes_becomes_the_reference(
    config: Build, writer: ScriptedServer, tmp_path: Path
) -> None:
    line = {**problem_line("add"), "reference": WRONG, "alternatives": ["def add(: 2", RIGHT, "def add(*_): return 5"]}
    built = config(sources=write_lines(tmp_path / "lines.jsonl", line, problem_line("last")))
    report = refresh(built)
    references, judged = read_references(built)
    assert (references[0], judged) == (RIGHT, 4)  # three of four solutions, and the other problem's reference
    assert writer.asked["generate"] == 6
    assert not [drop for drop in report.drops if drop["reason"] == "reference_failed"]
    versions, asked = Lake(built.lake).versions(), dict(writer.asked)
    refresh(built)
    assert (Lake(built.lake).versions(), writer.asked) == (versions, asked)


def test_where_no_solution_passes_the_first_stays_and_is_counted(
    config: Build, writer: ScriptedServer, tmp_path: Path
) -> None:
    line = {**problem_line("add"), "reference": WRONG, "alternatives": ["def add(a, b): return 7"]}
    built = config(sources=write_lines(tmp_path / "lines.jsonl", line))
    for _ in range(2):
        report = refresh(built)
        assert read_references(built) == ([WRONG], 2)
        assert ("execute", "reference_failed", 1) in [(d["stage"], d["reason"], d["count"]) for d in report.drops]
    assert not writer.asked


def test_a_benchmark_is_refused_before_anything_is_written(config: Build, tmp_path: Path) -> None:
    path = tmp_path / "HumanEval.jsonl"
    path.write_text("")
    built = config(sources=[{"kind": "form", "form": "humaneval", "path": str(path)}])
    with pytest.raises(ConfigError, match="benchmark: expected true"):
        refresh(built)
    assert not Lake(built.lake).exists()
