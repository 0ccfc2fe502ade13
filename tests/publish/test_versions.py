"""A published folder: readers that load it, contents that make a version, and the version that readers meet."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest

from storage.catalog import Catalog
from storage.columns import Table
from storage.dataset_tables import DATASETS, DEBUGGING_SFT, PREFERENCE_KTO
from storage.lake import Lake
from storage.publication import Publication
from tasks.publish.settings import CleanSettings, PublishSettings
from tasks.publish.task import PublishResult
from tests.publish.lakes import PlantedExample, fill_lake, plant, publish

NO_GATES = PublishSettings(gates=(), clean=CleanSettings(licences=("MIT", "Apache-2.0")))
LOAD = (
    "import json, sys; from datasets import load_dataset\n"
    "d = load_dataset(sys.argv[1], cache_dir=sys.argv[2])\n"
    "print(json.dumps({split: list(d[split]) for split in d}))"
)


def publish_kto(lake: Lake, out: Path) -> PublishResult:
    return publish(lake, out, "preference_kto", NO_GATES)


def load_offline(path: Path, cache: Path) -> dict[str, list[dict[str, Any]]]:
    """Load a folder by `datasets` in a process without network; return the rows by split."""
    process = subprocess.run(
        [sys.executable, "-c", LOAD, str(path), str(cache)],
        capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}, timeout=200,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr[-3000:]
    splits: dict[str, list[dict[str, Any]]] = json.loads(process.stdout)
    return splits


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_datasets_polars_and_duckdb_read_the_rows_of_the_lake(dataset: Table, tmp_path: Path) -> None:
    lake = fill_lake(tmp_path / "lake", plant(*range(40)), dataset)
    result = publish(lake, tmp_path / "out", dataset.name, NO_GATES)  # type: ignore[arg-type]
    folder = tmp_path / "out" / dataset.name
    with Catalog(lake) as catalog:
        in_lake = {row["example_id"]: row for row in catalog.rows(f"select * exclude (bucket) from {dataset.name}")}
    splits = load_offline(folder, tmp_path / "cache")
    assert {split: len(rows) for split, rows in splits.items()} == {s: n for s, n in result.rows.items() if n}
    loaded = {row.pop("example_id"): row for split in splits.values() for row in split}
    assert {
        example_id: {"example_id": example_id, **{k: v for k, v in row.items() if k != "family_id"}}
        for example_id, row in loaded.items()
    } == in_lake
    files = str(folder / "v1/data/*.parquet")
    assert set(polars.read_parquet(files)["example_id"]) == set(in_lake)
    query = f"select count(distinct example_id) from '{files}'"
    assert duckdb.execute(query).fetchall() == [(40,)]


def test_equal_content_makes_no_version_and_other_content_makes_one_beside_the_last(tmp_path: Path) -> None:
    out = tmp_path / "out"
    lake = fill_lake(tmp_path / "lake", plant(*range(30)), PREFERENCE_KTO)
    first, again = publish_kto(lake, out), publish_kto(lake, out)
    assert (first.version, first.is_new, again.version, again.is_new) == (1, True, 1, False)
    before = {path: path.read_bytes() for path in (out / "preference_kto/v1").rglob("*") if path.is_file()}
    changed = PlantedExample(2, columns=(("score", 0.5),))
    examples = [changed, *plant(*range(3, 30)), PlantedExample(40), PlantedExample(41, source="theirs")]
    second = publish_kto(fill_lake(tmp_path / "lake", examples, PREFERENCE_KTO), out)
    assert (second.version, second.is_new) == (2, True)
    assert sum(row["added"] for row in second.changes) == 2
    assert sum(row["removed"] for row in second.changes) == 2
    assert sum(row["changed"] for row in second.changes) == 1
    assert sum(row["moved"] for row in second.changes) == 0
    assert {row["source"] for row in second.changes if row["added"]} == {"ours", "theirs"}
    assert {path: path.read_bytes() for path in before} == before, "a version never changes"
    splits = load_offline(out / "preference_kto", tmp_path / "cache")
    loaded_ids = {row["example_id"] for rows in splits.values() for row in rows}
    assert loaded_ids == {example.example_id for example in examples}
    older = load_offline(out / "preference_kto/v1", tmp_path / "cache2")
    assert sum(map(len, older.values())) == 30


def test_both_forms_of_one_repair_are_published(tmp_path: Path) -> None:
    explained = (("form", "explain_repair"), ("explanation", "It squares where it should double."))
    examples = [
        example
        for number in range(6)
        for example in (PlantedExample(number), PlantedExample(number, name=f"x{number}", columns=explained))
    ]
    lake = fill_lake(tmp_path / "lake", examples, DEBUGGING_SFT)
    result = publish(lake, tmp_path / "out", "debugging_sft", NO_GATES)
    assert sum(result.rows.values()) == 12 and not result.left_out


def test_the_manifest_names_its_inputs_and_hashes_every_file(tmp_path: Path) -> None:
    examples = [*plant(*range(20)), PlantedExample(50, licence="Proprietary")]
    lake = fill_lake(tmp_path / "lake", examples, PREFERENCE_KTO)
    versions = lake.versions()
    result = publish_kto(lake, tmp_path / "out")
    folder = tmp_path / "out/preference_kto/v1"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["tables"] == versions and manifest["judge_versions"] == [1]
    assert manifest["left_out"] == {"licence": 1} == result.left_out
    assert "from candidates" in manifest["sql"]["publish_rows"] and "kto_high" in manifest["sql"]["preference_kto"]
    for file in [*manifest["files"], manifest["card"]]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert sum(file["rows"] for file in manifest["files"]) == 20 == sum(manifest["rows"].values())


def test_the_rows_left_out_replace_the_last_drops_of_the_stage(tmp_path: Path) -> None:
    def read_drops() -> list[tuple[str, str]]:
        with Catalog(lake) as catalog:
            drops = catalog.rows(
                "select row_id, reason from drops where stage = 'publish:preference_kto' order by row_id"
            )
        return [(drop["row_id"], drop["reason"]) for drop in drops]

    examples = plant(*range(20))
    lake = fill_lake(tmp_path / "lake", [*examples, PlantedExample(50, licence="Proprietary")], PREFERENCE_KTO)
    publish_kto(lake, tmp_path / "out")
    assert read_drops() == [("e0050", "licence")]
    fill_lake(tmp_path / "lake", [*examples, PlantedExample(51, licence="Unknown")], PREFERENCE_KTO)
    again = publish_kto(lake, tmp_path / "out")
    assert read_drops() == [("e0051", "licence")] and not again.is_new
    version = lake.versions()["drops"]
    publish_kto(lake, tmp_path / "out")
    assert lake.versions()["drops"] == version, "equal drops are not written again"


def test_a_killed_publication_leaves_the_last_version_and_the_next_one_completes(tmp_path: Path) -> None:
    """Kills at every single event in the folder; see killed.py."""
    fill_lake(tmp_path / "one", plant(*range(12)), PREFERENCE_KTO)
    fill_lake(tmp_path / "two", plant(*range(3, 15)), PREFERENCE_KTO)
    command = [sys.executable, "-m", "tests.publish.killed", str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert process.returncode == 0, process.stdout + process.stderr
    counts = json.loads(process.stdout)
    assert counts["kills"] > 10, "this many events were tried"
    assert set(counts["versions"]) == {"1", "2"}, "before its last step a reader met version 1, after it version 2"
    assert Publication(tmp_path / "out/preference_kto").last_version() is not None
