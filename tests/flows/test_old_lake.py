"""A lake that an earlier version wrote opens, and a refresh on it asks no model and keeps its examples.

tests/storage/lakes/before_plans.tar.xz is a lake after refreshes with `recorded.yaml`, `preference_recorded.yaml` and
`recorded.yaml` again, which takes the programs of the second into debugging_sft. The version before the table `plans`
wrote it. Its table `audits` is left out, since that names the machine.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.statements import list_entries
from storage.tables import TABLES
from tasks.models.recorded import write_recording

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "tests/storage/lakes/before_plans.tar.xz"
CONFIGS = ("recorded", "preference_recorded")
DATASETS = ("debugging_sft", "preference_correctness", "preference_efficiency", "preference_kto")
Rows = dict[str, list[dict[str, object]]]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "lake", filter="data")
    return Lake(LakeSettings(path=str(tmp_path / "lake")))


def read_tables(lake: Lake) -> Rows:
    """Read all rows by table, in the order of their keys."""
    with Catalog(lake) as catalog:
        return {
            table.name: catalog.rows(f"select * from {table.name} order by {', '.join(table.key)}") for table in TABLES
        }


def refresh(lake: Lake, config: str, recording: Path) -> None:
    """Run a shipped config on the lake in a process of its own, with the answers of another recording."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "run", f"configs/refresh/{config}.yaml"]
    command += ["--lake", lake.root, "--set", "audit='off'", "--set", f"model.path={recording}"]
    command += ["--set", "pairs.veto=false"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert process.returncode == 0, process.stderr[-2000:]


def test_every_table_and_view_of_an_old_lake_can_be_read(lake: Lake) -> None:
    with Catalog(lake) as catalog:
        counts = {
            entry.name: catalog.rows(f"select count(*) as n from (select * from {entry.name})")[0]["n"]
            for entry in list_entries()
            if entry.kind == "view"
        }
    assert {name: counts[name] for name in ("problems", "attempts", "executions", "tests", "scores", "plans")} == {
        "problems": 33,
        "attempts": 384,
        "executions": 496,
        "tests": 198,
        "scores": 586,
        "plans": 0,
    }
    assert counts["funnel"] > 0 and counts["pass_at_k"] > 0 and counts["lineage"] > 0


@pytest.mark.timeout(450)  # two refreshes
def test_a_refresh_on_an_old_lake_sends_no_request_and_keeps_the_examples(
    lake: Lake, tmp_path: Path, prefect_server: str
) -> None:
    """A newer judge judges its programs again, and programs with bugs and siblings come to the examples."""
    before = read_tables(lake)
    assert [len(before[name]) for name in DATASETS] == [85, 12, 2, 75]
    without_answers = tmp_path / "empty.parquet"  # a request to the model fails the run
    write_recording(without_answers, [])
    for config in CONFIGS:
        refresh(lake, config, without_answers)
    after = read_tables(lake)
    for name in ("problems", "attempts", "diagnoses", "tests"):
        assert (name, [row for row in after[name] if row not in before[name]]) == (name, [])
        assert len(after[name]) == len(before[name])
    assert {row["origin"] for row in after["debugging_sft"]} == {None, "model", "sibling", "injected"}
    after["debugging_sft"] = [row for row in after["debugging_sft"] if row["origin"] in (None, "model")]
    for name in DATASETS:
        assert (name, ids_of(after[name])) == (name, ids_of(before[name]))
    with Catalog(lake) as catalog:
        plans = catalog.rows("select plan_id, products from plans")
        assert sorted(plan["products"] for plan in plans) == [["debugging"], ["preference"]]
        macros = [entry.name for entry in list_entries() if entry.name.startswith("pending_")]
        pending = {
            (*plan["products"], macro): count
            for plan in plans
            for macro in macros
            if (count := len(catalog.rows(f"from {macro}($plan)", plan=plan["plan_id"])))
        }
    assert pending == {}


def ids_of(examples: list[dict[str, object]]) -> list[str]:
    return sorted(str(example["example_id"]) for example in examples)
