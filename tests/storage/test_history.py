"""The lake as it was: at a time, and when a data set was built."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_KTO
from storage.errors import ConfigError
from storage.history import as_of, is_built
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
    """A moment with no commit near: commits carry milliseconds."""
    time.sleep(0.005)
    moment = datetime.now(UTC)
    time.sleep(0.005)
    return moment


def add(lake: Lake, *attempts: str) -> None:
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=name, problem_id="p") for name in attempts])


def build(lake: Lake, *examples: str) -> None:
    """What assemble does: both commits name what they were built from."""
    pinned = lake.versions()
    rows = [row(DEBUGGING_SFT, example_id=name, problem_id="p") for name in examples]
    lake.replace(DEBUGGING_SFT, pa.Table.from_pylist(rows, DEBUGGING_SFT.schema), None, pinned)
    drops = [row(DROPS, stage="assemble:debugging_sft", row_id=f"not {name}") for name in examples]
    lake.replace(DROPS, pa.Table.from_pylist(drops, DROPS.schema), "stage = 'assemble:debugging_sft'", pinned)


def seen(lake: Lake, when: str) -> tuple[list, list, list]:
    """Attempts, examples and drops of that lake."""
    with Catalog(lake, as_of(lake, when)) as catalog:
        return tuple(
            [found["id"] for found in catalog.rows(f"select {key} as id from {name} order by id")]
            for name, key in (("attempts", "attempt_id"), ("debugging_sft", "example_id"), ("drops", "row_id"))
        )  # type: ignore[return-value]


def test_a_time_shows_what_was_committed_until_then(lake: Lake) -> None:
    before = now()
    add(lake, "a")
    between = now()
    add(lake, "b")
    build(lake, "e")
    after = now()
    assert seen(lake, before.isoformat()) == ([], [], [])
    assert seen(lake, between.isoformat()) == (["a"], [], [])
    assert seen(lake, after.isoformat()) == (["a", "b"], ["e"], ["not e"])
    elsewhere = between.astimezone(timezone(timedelta(hours=5)))
    assert seen(lake, elsewhere.isoformat()) == (["a"], [], [])
    assert seen(lake, between.replace(tzinfo=None).isoformat()) == (["a"], [], []), "UTC where no zone is named"


def test_a_data_set_shows_what_it_was_built_from(lake: Lake) -> None:
    add(lake, "a")
    build(lake, "e1")
    first = lake.versions()["debugging_sft"]
    add(lake, "b")
    build(lake, "e2")
    add(lake, "c")
    lake.append(PREFERENCE_KTO, [row(PREFERENCE_KTO, example_id="k", label=True)])
    lake.compact()
    assert seen(lake, "debugging_sft") == (["a", "b"], ["e2"], ["not e2"])
    assert seen(lake, f"debugging_sft@{first}") == (["a"], ["e1"], ["not e1"])
    assert as_of(lake, "debugging_sft")["preference_kto"] is None, "it was not there yet"
    newest = lake.versions()["debugging_sft"]
    assert seen(lake, f"debugging_sft@{newest}") == (["a", "b"], ["e2"], ["not e2"]), "compacted since, built the same"


@pytest.mark.parametrize(
    ("when", "says"),
    [
        pytest.param("yesterday", "no data set is called yesterday; there are debugging_sft", id="a word"),
        pytest.param("22.11.2026", "expected a time such as 2026-11-22T10:00 (UTC), or a data set", id="no ISO time"),
        pytest.param("attempts", "no data set is called attempts", id="no data set"),
        pytest.param("debugging_sft@77", "no such version of debugging_sft was built; there are 1 (", id="too new"),
        pytest.param("debugging_sft@0", "no such version of debugging_sft was built; there are 1 (", id="too old"),
        pytest.param("preference_kto", "no such version of preference_kto was built; there are none", id="none built"),
        pytest.param("2020-01-01", "the lake's first commit, until now; its last was at 20", id="before the lake"),
        pytest.param("2999-01-01T00:00Z", "the lake's first commit, until now; its last was at 20", id="to come"),
    ],
)
def test_what_the_lake_cannot_show_is_one_line(lake: Lake, when: str, says: str) -> None:
    build(lake, "e")
    with pytest.raises(ConfigError) as refused:
        as_of(lake, when)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_a_version_whose_files_were_deleted_is_named(lake: Lake) -> None:
    add(lake, "a")
    build(lake, "e")
    between = now()
    add(lake, "b")
    lake.compact()
    assert seen(lake, between.isoformat())[0] == ["a"]
    lake.vacuum(keep_hours=0)
    with pytest.raises(ConfigError, match=r"attempts@1 can't be read any more, 1 of its files .*--vacuum"):
        as_of(lake, between.isoformat())
    assert seen(lake, now().isoformat())[0] == ["a", "b"]


def test_a_data_set_is_built_until_an_input_or_the_builder_changes(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p")])
    versions = lake.versions()
    assert not is_built(lake, DEBUGGING_SFT, versions, "one")
    files = BucketFiles(tmp_path / "files")
    data = pa.Table.from_pylist([row(DEBUGGING_SFT, example_id="e")], schema=DEBUGGING_SFT.schema)
    files.add(0, conform_to_schema(DEBUGGING_SFT, data))
    lake.replace_buckets(DEBUGGING_SFT, files.finish(), None, versions, "one")
    lake.append(DROPS, [row(DROPS, stage="assemble:debugging_sft", row_id="d")])  # what assembling writes is no input
    assert is_built(lake, DEBUGGING_SFT, lake.versions(), "one")
    assert not is_built(lake, DEBUGGING_SFT, lake.versions(), "two")
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="q")])
    assert not is_built(lake, DEBUGGING_SFT, lake.versions(), "one")
