"""A new stage needs only its folder, its table, its pending macro and a line in flows/refresh.py."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ("judge", "storage", "tasks", "flows", "cli", "dashboards", "patchmill", "configs")

TASK = '''"""Stage length: measure the length of every program of a bucket."""

from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingLength
from storage.tables import LENGTHS
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("length", "length-b{order.bucket:03d}")
def length(order: Order[None, None]) -> int:
    """Write the length of every program that has none; return how many rows were written."""
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingLength)
    now = datetime.now(UTC)
    rows = [
        {"attempt_id": row["attempt_id"], "problem_id": row["problem_id"], "bucket": row["bucket"],
         "length": len(row["code"]), "created_at": now}
        for row in pending
    ]
    return lake.append(LENGTHS, rows)
'''
TABLE = """
LENGTHS = Table(
    "lengths",
    ("attempt_id",),
    "how long a program is",
    pa.schema([
        column("attempt_id", TEXT, "the program"), *PROBLEM, column("length", INT, "characters"),
        created_at("when the row was made"),
    ]),
)
TABLES = (*TABLES, LENGTHS)
"""
MACRO = """-- Programs of one plan whose length is not known.
create macro pending_length(of_plan) as table
select a.attempt_id, a.problem_id, s.bucket, a.code, 1::bigint as missing
from attempts_of(of_plan) as a
join plans as p on p.plan_id = of_plan
join selections as s on s.selection_id = p.selection_id and s.problem_id = a.problem_id
where a.code is not null and a.attempt_id not in (select attempt_id from lengths);
"""
ROW_TYPE = '''

class PendingLength(ProblemText):
    """A program whose length is not known."""

    attempt_id: str
    code: str
    missing: int
'''


def replace_once(path: Path, old: str, new: str) -> None:
    """Replace a text that a file holds exactly once."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path.name}: {text.count(old)} places"
    path.write_text(text.replace(old, new))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy Patchmill and add a stage to the copy."""
    tree = tmp_path / "tree"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tree / "tasks/length"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "task.py").write_text(TASK)
    for path, text in ((tree / "storage/tables.py", TABLE), (tree / "storage/pending.py", ROW_TYPE)):
        path.write_text(path.read_text() + text)
    (tree / "storage/sql/views/29_pending_length.sql").write_text(MACRO)
    refresh = tree / "flows/refresh.py"
    replace_once(
        refresh, "from tasks.matrix.task import", "from tasks.length.task import length\nfrom tasks.matrix.task import"
    )
    replace_once(
        refresh, "    if config.mutation.mutants:", "    add(length, None, None)\n    if config.mutation.mutants:"
    )
    return tree


def test_a_new_stage_runs_is_counted_and_repeats_no_work(tree: Path, tmp_path: Path, prefect_server: str) -> None:
    config = yaml.safe_load((ROOT / "configs/refresh/recorded.yaml").read_text())
    config |= {"audit": "off", "lake": {"path": str(tmp_path / "lake"), "buckets": 2}}
    config["sources"] = [{**source, "limit": 2} for source in config["sources"]]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))

    def run(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(tree), "PREFECT_API_URL": prefect_server}
        result = subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", *arguments],
            cwd=tree, env=environment, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    def summarize_lengths() -> list[dict[str, int]]:
        question = "select count(*) as n, count(distinct attempt_id) as programs, min(length) as shortest from lengths"
        rows: list[dict[str, int]] = json.loads(run("sql", question, "--lake", config["lake"]["path"], "--json"))
        return rows

    run("run", str(path), "--only", "generate")
    pending = json.loads(run("status", str(path), "--json"))["pending"]
    [missing] = [row["rows"] for row in pending if row["stage"] == "length"]
    assert missing > 0
    run("run", str(path), "--only", "generate,length")
    [first] = summarize_lengths()
    assert first["n"] == first["programs"] == missing and first["shortest"] > 0
    run("run", str(path), "--only", "generate,length")
    assert summarize_lengths() == [first]
