import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from storage.catalog import Catalog
from storage.columns import Table
from storage.errors import ConfigError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DIAGNOSES, DROPS, EXECUTIONS, TABLES
from tests.builders import row


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "a lake"), buckets=4))


def drop(n: int, **more: object) -> dict:
    return row(DROPS, stage="s", row_id=str(n), bucket=n % 4, **more)


def count(lake: Lake, what: str = "drops") -> int:
    with Catalog(lake) as catalog:
        return catalog.rows(f"select count(*) as n from {what}")[0]["n"]


def test_rows_come_back_as_they_were_written(lake: Lake) -> None:
    written = row(
        EXECUTIONS,
        attempt_id="a",
        bucket=3,
        verdict="failed",
        flags=["flaky"],
        tests=[{"test": "assert f() == 'ü\\n'", "verdict": "failed", "message": "got ☃"}],
    )
    lake.append(EXECUTIONS, [written])
    with Catalog(lake) as catalog:
        assert catalog.rows("select * from executions") == [written]


def test_every_table_is_a_view_also_in_an_empty_lake(lake: Lake) -> None:
    with Catalog(lake) as catalog:
        for table in TABLES:
            assert catalog.arrow(f"select * from {table.name}").schema.names == table.schema.names


def test_a_lake_keeps_its_number_of_buckets(lake: Lake) -> None:
    assert lake.buckets == 4
    assert Lake(LakeSettings(path=lake.root, buckets=64)).buckets == 4


def test_a_bucket_is_read_alone(lake: Lake) -> None:
    lake.append(DROPS, [drop(n) for n in range(10)])
    with Catalog(lake, bucket=1) as catalog:
        assert [r["row_id"] for r in catalog.rows("select row_id from drops order by row_id")] == ["1", "5", "9"]


def test_a_pinned_version_does_not_move(lake: Lake) -> None:
    lake.append(DROPS, [drop(1)])
    pinned = lake.versions()
    lake.append(DROPS, [drop(2)])
    with Catalog(lake, versions=pinned) as catalog:
        assert len(catalog.rows("select * from drops")) == 1
    assert count(lake) == 2


def test_appending_no_rows_makes_no_version(lake: Lake) -> None:
    lake.append(DROPS, [drop(1)])
    before = lake.versions()
    assert lake.append(DROPS, []) == 0
    assert lake.versions() == before


def test_upsert_replaces_by_key_and_adds_the_rest(lake: Lake) -> None:
    lake.append(DROPS, [drop(1, reason="old"), drop(2, reason="old")])
    lake.upsert(DROPS, [drop(2, reason="new"), drop(3, reason="new")])
    with Catalog(lake) as catalog:
        rows = catalog.rows("select row_id, reason from drops order by row_id")
    assert [tuple(r.values()) for r in rows] == [("1", "old"), ("2", "new"), ("3", "new")]


def test_replace_touches_only_the_rows_it_names(lake: Lake) -> None:
    lake.append(DROPS, [drop(1), row(DROPS, stage="other", row_id="2", bucket=2)])
    with Catalog(lake) as catalog:
        fresh = catalog.arrow("select * replace ('9' as row_id) from drops where stage = 's'")
    lake.replace(DROPS, fresh, "stage = 's'")
    with Catalog(lake) as catalog:
        assert {r["row_id"] for r in catalog.rows("select row_id from drops")} == {"9", "2"}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        pytest.param({"cpu_ms": "slow"}, "double", id="wrong type"),
        pytest.param({"attempt_id": None}, "column attempt_id holds null", id="null key"),
        pytest.param({"colour": "red"}, "colour", id="unknown column"),
    ],
)
def test_a_row_that_does_not_fit_writes_nothing(lake: Lake, bad: dict, says: str) -> None:
    lake.append(EXECUTIONS, [row(EXECUTIONS, attempt_id="a")])
    before = lake.versions()
    with pytest.raises(LakeError, match=says):
        lake.append(EXECUTIONS, [row(EXECUTIONS, attempt_id="b"), {**row(EXECUTIONS, attempt_id="c"), **bad}])
    assert lake.versions() == before


def test_concurrent_appends_lose_nothing(lake: Lake) -> None:
    lake.append(DROPS, [drop(0)])

    def write(first: int) -> None:
        for n in range(first, first + 5):
            Lake(lake.settings).append(DROPS, [drop(n)])

    threads = [threading.Thread(target=write, args=(1 + 5 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(lake, "(select distinct row_id from drops)") == count(lake) == 31


def _write_for_ever(settings: LakeSettings) -> None:
    lake = Lake(settings)
    for n in range(100_000):
        lake.append(DROPS, [drop(n * 10 + i) for i in range(10)])


def test_kill_9_during_appends_leaves_whole_batches(lake: Lake) -> None:
    for _ in range(3):
        process = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(lake.settings,))
        process.start()
        while not lake.files(DROPS) and process.is_alive():
            time.sleep(0.05)
        time.sleep(0.3)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert count(lake) % 10 == 0
        assert count(lake) > 0


def test_compaction_and_vacuum_keep_every_row(lake: Lake) -> None:
    for n in range(12):
        lake.append(DROPS, [drop(n)])
    files = len(lake.files(DROPS))
    lake.compact()
    lake.vacuum(keep_hours=0)
    assert len(lake.files(DROPS)) < files
    assert count(lake) == 12


@pytest.mark.parametrize(
    ("work", "left"),
    [
        pytest.param(lambda lake, _: lake.compact(), 12, id="another compaction"),
        pytest.param(lambda lake, new: lake.replace(DROPS, new), 1, id="all rows replaced"),
        pytest.param(lambda lake, new: lake.replace(DROPS, new, "bucket = 1"), 10, id="some rows replaced"),
    ],
)
def test_what_changes_while_a_compaction_merges_it_is_not_there_twice(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, work: Callable[[Lake, pa.Table], None], left: int
) -> None:
    for n in range(12):
        lake.append(DROPS, [drop(n)])
    commit, read = Lake._commit, threading.Event()

    def slow(self: Lake, table: Table, what: str, write: Callable[[DeltaTable], object]) -> object:
        def late(target: DeltaTable) -> object:
            read.set()
            time.sleep(1)  # in which the other would be done, were it not for the lease
            return write(target)

        monkeypatch.setattr(Lake, "_commit", commit)
        return commit(self, table, what, late)

    monkeypatch.setattr(Lake, "_commit", slow)
    compaction = threading.Thread(target=lake.compact)
    compaction.start()
    assert read.wait(30)
    work(Lake(lake.settings), pa.Table.from_pylist([drop(13)], schema=DROPS.schema))
    compaction.join()
    assert count(lake) == count(lake, "(select distinct row_id from drops)") == left


def test_wrong_sql_is_the_askers_fault(lake: Lake) -> None:
    with Catalog(lake) as catalog, pytest.raises(ConfigError, match="attemps"):
        catalog.rows("select * from attemps")


def test_a_folder_that_is_no_lake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(LakeError, match="file"):
        Lake(LakeSettings(path=str(file))).append(DIAGNOSES, [row(DIAGNOSES, diagnosis_id="d")])


def test_repairs_descend_from_their_plan_alone(lake: Lake) -> None:
    """mine() follows parents: a repair by another recipe, or of another plan's attempt, is not ours."""
    from storage.tables import SELECTIONS

    common = {"problem_id": "p", "bucket": 1}
    lake.append(SELECTIONS, [row(SELECTIONS, selection_id="sel", **common)])
    lake.append(
        ATTEMPTS,
        [
            row(ATTEMPTS, attempt_id="g0", kind="generate", recipe_id="G", **common),
            row(ATTEMPTS, attempt_id="g9", kind="generate", recipe_id="G", sample_index=9, **common),
            row(ATTEMPTS, attempt_id="h0", kind="generate", recipe_id="H", **common),
            row(ATTEMPTS, attempt_id="r0", kind="repair", round=1, parent_attempt_id="g0", recipe_id="R", **common),
            row(ATTEMPTS, attempt_id="s0", kind="repair", round=1, parent_attempt_id="g0", recipe_id="S", **common),
            row(ATTEMPTS, attempt_id="r1", kind="repair", round=1, parent_attempt_id="h0", recipe_id="R", **common),
            row(ATTEMPTS, attempt_id="r2", kind="repair", round=2, parent_attempt_id="r0", recipe_id="R", **common),
        ],
    )
    with Catalog(lake) as catalog:
        rows = catalog.rows("select attempt_id, root_id from mine('sel', 'G', 2, 'R', 2, 1, 2) order by attempt_id")
    assert [tuple(r.values()) for r in rows] == [("g0", "g0"), ("r0", "g0"), ("r2", "g0")]


def test_upserts_and_appends_of_different_buckets_do_not_disturb_each_other(lake: Lake) -> None:
    lake.append(DROPS, [drop(n, reason="old") for n in range(8)])
    errors: list[LakeError] = []

    def work(bucket: int) -> None:
        own = Lake(lake.settings)
        try:
            for turn in range(5):
                if bucket:
                    own.upsert(DROPS, [drop(bucket, reason=f"turn {turn}")])
                else:
                    own.append(DROPS, [drop(100 + 4 * turn)])
        except LakeError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(bucket,)) for bucket in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(lake) == 8 + 5
    assert count(lake, "drops where reason = 'turn 4'") == 2


def test_a_lake_serves_one_run_at_a_time(lake: Lake) -> None:
    with lake.alone(), pytest.raises(LakeError, match=f"process {os.getpid()}"), Lake(lake.settings).alone():
        pass
    with lake.alone():
        pass


def test_two_columns_of_one_name_are_refused(lake: Lake) -> None:
    with Catalog(lake) as catalog, pytest.raises(ConfigError, match="two columns are called 'a'"):
        catalog.rows("select 1 as a, 2 as a")


def test_a_table_with_other_columns_is_named(lake: Lake) -> None:
    lake.append(DROPS, [drop(1)])
    older = pa.table({"stage": ["s"], "row_id": ["1"], "bucket": pa.array([0], pa.int32())})
    write_deltalake(f"{lake.root}/drops", older, mode="overwrite", schema_mode="overwrite", partition_by=["bucket"])
    with pytest.raises(LakeError, match=r"table drops was written by another version .*name a new lake"):
        Catalog(lake)
