"""A published folder: what loads it, what makes a version, what a reader meets at every moment."""

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
from storage.publication import Publication
from tasks.publish.settings import CleanSettings, PublishSettings
from tasks.publish.task import Published, publish_version
from tests.publish.lakes import Planted, fill, good

OPEN = PublishSettings(gates=(), clean=CleanSettings(licences=("MIT", "Apache-2.0")))


def published(lake: Any, out: Path, table: Table = PREFERENCE_KTO, how: PublishSettings = OPEN) -> Published:
    return publish_version.fn(lake.settings, table.name, out, how, None)  # type: ignore[arg-type]


def loaded(path: Path, cache: Path) -> dict[str, list[dict[str, Any]]]:
    """What `datasets` reads, in a process without a way out."""
    script = (
        "import json, sys; from datasets import load_dataset\n"
        "d = load_dataset(sys.argv[1], cache_dir=sys.argv[2])\n"
        "print(json.dumps({split: list(d[split]) for split in d}))"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(cache)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("table", DATASETS, ids=lambda table: table.name)
def test_datasets_polars_and_duckdb_read_the_rows_of_the_lake(table: Table, tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake", good(*range(40)), table)
    done = published(lake, tmp_path / "out", table)
    folder = tmp_path / "out" / table.name
    with Catalog(lake) as catalog:
        held = {row["example_id"]: row for row in catalog.rows(f"select * exclude (bucket) from {table.name}")}
    splits = loaded(folder, tmp_path / "cache")
    assert {split: len(rows) for split, rows in splits.items()} == {s: n for s, n in done.rows.items() if n}
    rows = {row["example_id"]: row for split in splits.values() for row in split}
    assert {name: {k: v for k, v in row.items() if k != "family_id"} for name, row in rows.items()} == held
    files = str(folder / "v1/data/*.parquet")
    assert set(polars.read_parquet(files)["example_id"]) == set(held)
    assert duckdb.sql(f"select count(distinct example_id) from '{files}'").fetchall() == [(40,)]


def test_the_same_content_makes_no_new_version_and_another_lies_beside_the_last(tmp_path: Path) -> None:
    out = tmp_path / "out"
    lake = fill(tmp_path / "lake", good(*range(30)), PREFERENCE_KTO)
    first = published(lake, out)
    again = published(lake, out)
    assert (first.version, first.made, again.version, again.made) == (1, True, 1, False)
    before = {path: path.read_bytes() for path in (out / "preference_kto/v1").rglob("*") if path.is_file()}
    rows = [*good(*range(2, 30)), Planted(40), Planted(41, source="theirs")]
    rows[0] = Planted(2, columns=(("score", 0.5),))
    second = published(fill(tmp_path / "lake", rows, PREFERENCE_KTO), out)
    assert (second.version, second.made) == (2, True)
    total = {name: sum(row[name] for row in second.changes) for name in ("added", "removed", "changed", "moved")}
    assert total == {"added": 2, "removed": 2, "changed": 1, "moved": 0}
    assert {row["source"] for row in second.changes if row["added"]} == {"ours", "theirs"}
    assert {path: path.read_bytes() for path in before} == before, "a version never changes"
    found = loaded(out / "preference_kto", tmp_path / "cache")
    assert {row["example_id"] for rows in found.values() for row in rows} == {r.id for r in rows}
    older = loaded(out / "preference_kto/v1", tmp_path / "cache2")
    assert sum(map(len, older.values())) == 30


def test_both_forms_of_one_repair_are_published(tmp_path: Path) -> None:
    explained = (("form", "explain_repair"), ("explanation", "It squares where it should double."))
    rows = [row for n in range(6) for row in (Planted(n), Planted(n, name=f"x{n}", columns=explained))]
    done = published(fill(tmp_path / "lake", rows, DEBUGGING_SFT), tmp_path / "out", DEBUGGING_SFT)
    assert sum(done.rows.values()) == 12 and not done.left_out


def test_the_manifest_says_what_it_was_made_from_and_hashes_every_file(tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake", [*good(*range(20)), Planted(50, licence="Proprietary")], PREFERENCE_KTO)
    versions = lake.versions()
    done = published(lake, tmp_path / "out")
    folder = tmp_path / "out/preference_kto/v1"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["tables"] == versions and manifest["judge_versions"] == [1]
    assert manifest["left_out"] == {"licence": 1} == done.left_out
    assert "from candidates" in manifest["sql"]["publish_rows"] and "kto_high" in manifest["sql"]["preference_kto"]
    for file in [*manifest["files"], manifest["card"]]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert sum(file["rows"] for file in manifest["files"]) == 20 == sum(manifest["rows"].values())


def test_what_cleaning_left_out_replaces_the_last_drops_of_the_stage(tmp_path: Path) -> None:
    def drops() -> list[tuple[str, str]]:
        with Catalog(lake) as catalog:
            found = catalog.rows(
                "select row_id, reason from drops where stage = 'publish:preference_kto' order by row_id"
            )
        return [(row["row_id"], row["reason"]) for row in found]

    rows = good(*range(20))
    lake = fill(tmp_path / "lake", [*rows, Planted(50, licence="Proprietary")], PREFERENCE_KTO)
    published(lake, tmp_path / "out")
    assert drops() == [("e0050", "licence")]
    fill(tmp_path / "lake", [*rows, Planted(51, licence="Unknown")], PREFERENCE_KTO)
    before = published(lake, tmp_path / "out")
    assert drops() == [("e0051", "licence")] and not before.made
    version = lake.versions()["drops"]
    published(lake, tmp_path / "out")
    assert lake.versions()["drops"] == version, "equal drops are not written again"


def test_a_killed_publication_leaves_the_last_version_and_the_next_one_finishes(tmp_path: Path) -> None:
    """Killed at every single thing it does to the folder; see killed.py."""
    fill(tmp_path / "one", good(*range(12)), PREFERENCE_KTO)
    fill(tmp_path / "two", good(*range(3, 15)), PREFERENCE_KTO)
    command = [sys.executable, "-m", "tests.publish.killed", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["killed"] > 10, "so many points were tried"
    assert set(told["seen"]) == {"1", "2"}, "before its last step a reader met version 1, after it version 2"
    assert Publication(tmp_path / "out/preference_kto").last() is not None
