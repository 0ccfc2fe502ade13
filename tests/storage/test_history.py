"""The lake as it was: at a time, and when a dataset was built."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_KTO
from storage.errors import ConfigError
from storage.history import is_built_from, resolve_as_of
from storage.lake import Lake, LakeSettings
from storage.schemas import conform_to_schema
from storage.tables import ATTEMPTS, DROPS, PROBLEMS
from tests.builders import row


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p")])
    return lake


def now() -> datetime:
    """Return a time between two commits, whose times are in milliseconds."""
    time.sleep(0.005)
    moment = datetime.now(UTC)
    time.sleep(0.005)
    return moment


def add_attempts(lake: Lake, *attempts: str) -> None:
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=name, problem_id="p") for name in attempts])


def build(lake: Lake, *examples: str) -> None:
    """Build a dataset as the stage assemble does: both commits name the versions that they were built from."""
    pinned = lake.versions()
    rows = [row(DEBUGGING_SFT, example_id=name, problem_id="p") for name in examples]
    lake.replace(DEBUGGING_SFT, pa.Table.from_pylist(rows, DEBUGGING_SFT.schema), None, pinned)
    drops = [row(DROPS, stage="assemble:debugging_sft", row_id=f"not {name}") for name in examples]
    lake.replace(DROPS, pa.Table.from_pylist(drops, DROPS.schema), "stage = 'assemble:debugging_sft'", pinned)


def read_as_of(lake: Lake, as_of: str) -> tuple[list[str], ...]:
    """Read the ids of attempts, examples and drops, as the lake was."""
    with Catalog(lake, resolve_as_of(lake, as_of)) as catalog:
        return tuple(
            [row["id"] for row in catalog.rows(f"select {key} as id from {name} order by id")]
            for name, key in (("attempts", "attempt_id"), ("debugging_sft", "example_id"), ("drops", "row_id"))
        )


def test_a_time_shows_what_was_committed_until_then(lake: Lake) -> None:
    before = now()
    add_attempts(lake, "a")
    between = now()
    add_attempts(lake, "b")
    build(lake, "e")
    after = now()
    assert read_as_of(lake, before.isoformat()) == ([], [], [])
    assert read_as_of(lake, between.isoformat()) == (["a"], [], [])
    assert read_as_of(lake, after.isoformat()) == (["a", "b"], ["e"], ["not e"])
    elsewhere = between.astimezone(timezone(timedelta(hours=5)))
    assert read_as_of(lake, elsewhere.isoformat()) == (["a"], [], [])
    assert read_as_of(lake, between.replace(tzinfo=None).isoformat()) == (["a"], [], []), "UTC where no zone is named"


def test_a_dataset_shows_the_tables_it_was_built_from(lake: Lake) -> None:
    add_attempts(lake, "a")
    build(lake, "e1")
    first = lake.versions()["debugging_sft"]
    add_attempts(lake, "b")
    build(lake, "e2")
    add_attempts(lake, "c")
    lake.append(PREFERENCE_KTO, [row(PREFERENCE_KTO, example_id="k", label=True)])
    lake.compact()
    assert read_as_of(lake, "debugging_sft") == (["a", "b"], ["e2"], ["not e2"])
    assert read_as_of(lake, f"debugging_sft@{first}") == (["a"], ["e1"], ["not e1"])
    assert resolve_as_of(lake, "debugging_sft")["preference_kto"] is None, "it did not exist yet"
    newest = lake.versions()["debugging_sft"]
    assert read_as_of(lake, f"debugging_sft@{newest}") == (["a", "b"], ["e2"], ["not e2"]), (
        "compacted since, built from the same"
    )


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        pytest.param("yesterday", "no dataset is called yesterday; there are debugging_sft", id="a word"),
        pytest.param("22.11.2026", "expected a time such as 2026-11-22T10:00 (UTC), or a dataset", id="no ISO time"),
        pytest.param("attempts", "no dataset is called attempts", id="no dataset"),
        pytest.param("debugging_sft@77", "no such version of debugging_sft was built; there are 1 (", id="too new"),
        pytest.param("debugging_sft@0", "no such version of debugging_sft was built; there are 1 (", id="too old"),
        pytest.param("preference_kto", "no such version of preference_kto was built; there are none", id="none built"),
        pytest.param("2020-01-01", "the lake's first commit, until now; its last was at 20", id="before the lake"),
        pytest.param("2999-01-01T00:00Z", "the lake's first commit, until now; its last was at 20", id="to come"),
    ],
)
def test_a_time_or_dataset_that_the_lake_cannot_show_is_one_line(lake: Lake, as_of: str, message: str) -> None:
    build(lake, "e")
    with pytest.raises(ConfigError) as refused:
        resolve_as_of(lake, as_of)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_version_whose_files_were_deleted_is_named(lake: Lake) -> None:
    add_attempts(lake, "a")
    build(lake, "e")
    between = now()
    add_attempts(lake, "b")
    lake.compact()
    assert read_as_of(lake, between.isoformat())[0] == ["a"]
    lake.vacuum(keep_hours=0)
    with pytest.raises(ConfigError, match=r"attempts@1 can't be read any more, 1 of its files .*--vacuum"):
        resolve_as_of(lake, between.isoformat())
    assert read_as_of(lake, now().isoformat())[0] == ["a", "b"]


def test_a_dataset_is_built_until_an_input_or_a_rule_changes(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p")])
    versions = lake.versions()
    assert not is_built_from(lake, DEBUGGING_SFT, versions, "one")
    files = BucketFiles(tmp_path / "files")
    data = pa.Table.from_pylist([row(DEBUGGING_SFT, example_id="e")], schema=DEBUGGING_SFT.schema)
    files.add(0, conform_to_schema(DEBUGGING_SFT, data))
    lake.replace_buckets(DEBUGGING_SFT, files.finish(), None, versions, "one")
    lake.append(
        DROPS, [row(DROPS, stage="assemble:debugging_sft", row_id="d")]
    )  # the stage assemble writes it: no input
    assert is_built_from(lake, DEBUGGING_SFT, lake.versions(), "one")
    assert not is_built_from(lake, DEBUGGING_SFT, lake.versions(), "two")
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="q")])
    assert not is_built_from(lake, DEBUGGING_SFT, lake.versions(), "one")
