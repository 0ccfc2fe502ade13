"""The commands on a lake made by a real run: what a user types gives what the README says."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scripted import ScriptedServer, write_problems

Patchmill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lake(tmp_path: Path, patchmill: Patchmill, writer: ScriptedServer, prefect_server: str) -> Path:
    config = {
        "sources": [{"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", "add", "shout"))}],
        "model": {"kind": "openai", "urls": [writer.url], "name": "scripted"},
        "generate": {"samples": 3},
        "lake": {"buckets": 2},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    done = patchmill("run", path, "--lake", tmp_path / "lake")
    assert done.returncode == 0, done.stderr
    assert "verified_repairs" in done.stdout and f"sql --lake {tmp_path / 'lake'}" in done.stdout.replace("\n", "")
    return tmp_path / "lake"


def test_a_users_way_through_the_commands(lake: Path, patchmill: Patchmill, tmp_path: Path) -> None:
    def json_of(*arguments: object) -> Any:
        done = patchmill(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert json_of("sql", "--lake", lake, "--json", "select count(*) as n from debugging_sft") == [{"n": 10}]
    status = json_of("status", tmp_path / "config.yaml", "--lake", lake, "--json")
    assert {r["step"]: r["count"] for r in status["funnel"]}["verified_repairs"] == 4
    assert all(row["rows"] == 0 for row in status["pending"])

    [repair] = json_of(
        "sql", "--lake", lake, "--json",
        "select attempt_id from lineage where verdict = 'passed' order by attempt_id limit 1",
    )  # fmt: skip
    shown = json_of("show", repair["attempt_id"], "--lake", lake, "--json")
    assert [(step["kind"], step["verdict"] == "passed") for step in shown["steps"]] == [
        ("generate", False), ("repair", True),
    ]  # fmt: skip
    assert shown["steps"][1]["explanation"]
    human = patchmill("show", repair["attempt_id"][:10], "--lake", lake)
    assert human.returncode == 0 and "diagnosis" in human.stdout and "def " in human.stdout

    compacted = {
        row["table"]: row for row in json_of("compact", "--lake", lake, "--vacuum", "--keep-hours", "0", "--json")
    }
    assert compacted["attempts"]["removed"] > compacted["attempts"]["added"]
    assert json_of("sql", "--lake", lake, "--json", "select count(*) as n from debugging_sft") == [{"n": 10}]


def test_every_published_repair_passes_an_independent_judge(lake: Path, patchmill: Patchmill, tmp_path: Path) -> None:
    problems, solutions, verdicts = (tmp_path / f"{name}.jsonl" for name in ("problems", "solutions", "verdicts"))
    assert patchmill("export", "problems", "--lake", lake, "--as", "problems", "--out", problems).returncode == 0
    done = patchmill(
        "export", "debugging_sft", "--lake", lake, "--where", "form = 'repair'", "--as", "solutions", "--out", solutions
    )
    assert done.returncode == 0, done.stderr
    done = patchmill("judge", problems, solutions, "--out", verdicts, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert [line["id"] for line in lines] == [json.loads(s)["id"] for s in solutions.read_text().splitlines()]
    assert {line["verdict"] for line in lines} == {"passed"} and len(lines) == 4
    assert set(lines[0]) == {
        "id", "source_id", "verdict", "flags", "tests", "cpu_ms", "wall_ms", "peak_mib", "isolation",
    }  # fmt: skip


def test_the_data_set_loads_with_datasets_and_reads_as_trl_wants_it(
    lake: Path, patchmill: Patchmill, tmp_path: Path
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
