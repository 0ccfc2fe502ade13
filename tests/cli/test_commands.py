"""The commands on a lake that a real run made."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scripted import ScriptedServer, write_problems

RunPatchmill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lake(tmp_path: Path, patchmill: RunPatchmill, writer: ScriptedServer, prefect_server: str) -> Path:
    config = {
        "sources": [{"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", "add", "shout"))}],
        "model": {"kind": "openai", "urls": [writer.url], "name": "scripted"},
        "generate": {"samples": 3},
        "lake": {"buckets": 2},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    result = patchmill("run", path, "--lake", tmp_path / "lake")
    assert result.returncode == 0, result.stderr
    assert "verified repairs" in result.stdout and f"sql --lake {tmp_path / 'lake'}" in result.stdout
    return tmp_path / "lake"


def test_a_lake_is_queried_shown_and_compacted(lake: Path, patchmill: RunPatchmill, tmp_path: Path) -> None:
    def read_json(*arguments: object) -> Any:
        result = patchmill(*arguments, "--lake", lake, "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    assert read_json("sql", "select count(*) as n from debugging_sft") == [{"n": 10}]
    status = read_json("status", tmp_path / "config.yaml")
    assert {row["step"]: row["count"] for row in status["funnel"]}["verified_repairs"] == 4
    assert all(row["rows"] == 0 for row in status["pending"])

    query = "select attempt_id from lineage where verdict = 'passed' order by attempt_id limit 1"
    [repair] = read_json("sql", query)
    lineage = read_json("show", repair["attempt_id"])
    assert [(step["kind"], step["verdict"] == "passed") for step in lineage["steps"]] == [
        ("generate", False),
        ("repair", True),
    ]
    assert lineage["steps"][1]["explanation"]
    panels = patchmill("show", repair["attempt_id"][:10], "--lake", lake)
    assert panels.returncode == 0 and "diagnosis" in panels.stdout and "def " in panels.stdout

    compacted = {row["table"]: row for row in read_json("compact", "--vacuum", "--keep-hours", "0")}
    assert compacted["attempts"]["removed"] > compacted["attempts"]["added"]
    assert read_json("sql", "select count(*) as n from debugging_sft") == [{"n": 10}]


def test_every_published_repair_passes_an_independent_judge(
    lake: Path, patchmill: RunPatchmill, tmp_path: Path
) -> None:
    problems, solutions, verdicts = (tmp_path / f"{name}.jsonl" for name in ("problems", "solutions", "verdicts"))
    assert patchmill("export", "problems", "--lake", lake, "--as", "problems", "--out", problems).returncode == 0
    arguments = ["--where", "form = 'repair'", "--as", "solutions", "--out", solutions]
    result = patchmill("export", "debugging_sft", "--lake", lake, *arguments)
    assert result.returncode == 0, result.stderr
    result = patchmill("judge", problems, solutions, "--out", verdicts, "--jobs", "2")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert [line["id"] for line in lines] == [json.loads(line)["id"] for line in solutions.read_text().splitlines()]
    assert {line["verdict"] for line in lines} == {"passed"} and len(lines) == 4
    assert {"id", "source_id", "verdict", "flags", "isolation", "feedback", "tests", "evidence"} <= lines[0].keys()


def test_the_dataset_loads_with_datasets_in_the_form_that_trl_reads(
    lake: Path, patchmill: RunPatchmill, tmp_path: Path
) -> None:
    import datasets

    out = tmp_path / "sft.parquet"
    assert patchmill("export", "debugging_sft", "--lake", lake, "--out", out).returncode == 0
    rows = list(datasets.Dataset.from_parquet(str(out), cache_dir=str(tmp_path / "cache")))
    assert {row["form"] for row in rows} == {"repair", "explain_repair", "generate"}
    for row in rows:
        assert [turn["role"] for turn in row["completion"]] == ["assistant"]
        assert row["prompt"][-1]["role"] == "user"
        assert row["code"].strip() in row["completion"][0]["content"]
        if row["form"] != "generate":  # the wrong program is a turn without loss
            assert row["wrong_code"].strip() in row["prompt"][1]["content"]
