"""Whole buckets in the place of what was there: in one commit, from files on disk, leaving what others wrote."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars
import pyarrow as pa
import pytest

from storage.catalog import Catalog
from storage.errors import LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DROPS
from storage.waiting import Waiting
from tests.builders import row

OTHERS = "stage <> 'ours'"
Files = Callable[..., dict[int, Path]]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=4))
    made.append(DROPS, [drop(stage, n) for stage in ("ours", "theirs") for n in range(8)])
    return made


@pytest.fixture
def files(tmp_path: Path, lake: Lake) -> Files:
    """Files of the drops numbered so, by bucket; of empty ones, too."""

    def write(*numbers: int, buckets: Sequence[int] = range(4)) -> dict[int, Path]:
        waiting = Waiting(tmp_path / "waiting")
        for bucket in buckets:
            rows = [drop("ours", n) for n in numbers if n % 4 == bucket]
            waiting.add(bucket, lake.checked(DROPS, pa.Table.from_pylist(rows, schema=DROPS.schema)))
        return waiting.files()

    return write


def drop(stage: str, n: int) -> dict:
    return row(DROPS, stage=stage, row_id=str(n), bucket=n % 4, reason="r")


def held(lake: Lake, stage: str = "ours") -> list[int]:
    with Catalog(lake) as catalog:
        found = catalog.rows("select row_id, bucket from drops where stage = $stage", stage=stage)
    assert all(int(one["row_id"]) % 4 == one["bucket"] for one in found)
    return sorted(int(one["row_id"]) for one in found)


def on_disk(lake: Lake) -> set[str]:
    return {path.name for path in Path(lake.uri(DROPS)).rglob("*.parquet")}


def test_named_buckets_are_replaced_and_the_others_not_touched(lake: Lake, files: Files) -> None:
    before = {path for path in lake.files(DROPS) if "bucket=3" in path}
    lake.replace_buckets(DROPS, files(20, 21, 25, buckets=(0, 1, 2)), OTHERS, {"attempts": 7}, "rules")
    assert held(lake) == [3, 7, 20, 21, 25]
    assert held(lake, "theirs") == list(range(8))
    assert {path for path in lake.files(DROPS) if "bucket=3" in path} == before
    assert lake._open(DROPS).history(1)[0]["built_by"] == "rules"


def test_without_keep_nothing_of_a_bucket_stays(lake: Lake, files: Files) -> None:
    lake.replace_buckets(DROPS, files(21, buckets=(1,)))
    assert (held(lake), held(lake, "theirs")) == ([0, 2, 3, 4, 6, 7, 21], [0, 2, 3, 4, 6, 7])


def test_a_bucket_comes_in_parts_and_may_become_empty(lake: Lake, tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w")
    for bucket, numbers in ((0, (20,)), (0, ()), (0, (24, 28)), (1, ()), (2, (22,))):
        data = pa.Table.from_pylist([drop("ours", n) for n in numbers], schema=DROPS.schema)
        waiting.add(bucket, lake.checked(DROPS, data))
    assert waiting.num_rows == 4
    with pytest.raises(ValueError, match="bucket 0 is complete"):
        waiting.add(0, lake.checked(DROPS, DROPS.schema.empty_table()))
    lake.replace_buckets(DROPS, waiting.files(), OTHERS)
    assert held(lake) == [3, 7, 20, 22, 24, 28]


def test_where_no_row_can_wait_the_folder_is_named(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    data = lake.checked(DROPS, pa.Table.from_pylist([drop("ours", 0)], schema=DROPS.schema))
    with pytest.raises(LakeError, match=f"{file}/w: cannot be written: Not a directory"):
        Waiting(file / "w").add(0, data)


def test_of_a_table_that_is_not_there_yet(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "new"), buckets=2))
    waiting = Waiting(tmp_path / "w")
    rows = [row(ATTEMPTS, attempt_id="a", bucket=1, code="x")]
    waiting.add(1, lake.checked(ATTEMPTS, pa.Table.from_pylist(rows, schema=ATTEMPTS.schema)))
    lake.replace_buckets(ATTEMPTS, waiting.files(), "kind = 'none'")
    with Catalog(lake) as catalog:
        assert catalog.rows("select * from attempts") == rows


def test_the_old_version_is_still_read_and_the_new_one_compacted(lake: Lake, files: Files) -> None:
    before = lake.versions()
    lake.replace_buckets(DROPS, files(20, 24), OTHERS)
    with Catalog(lake, before) as catalog:
        assert catalog.rows("select count(*) as n from drops where stage = 'ours'") == [{"n": 8}]
    lake.compact()
    assert (held(lake), held(lake, "theirs")) == ([20, 24], list(range(8)))


def test_polars_reads_what_was_appended_upserted_replaced_and_compacted(lake: Lake, files: Files) -> None:
    lake.upsert(DROPS, [drop("theirs", n) for n in (3, 11)])
    lake.replace_buckets(DROPS, files(20, 24), OTHERS)

    def seen() -> list[int]:
        found = polars.scan_delta(lake.uri(DROPS)).filter(polars.col("stage") == "theirs").collect()
        assert set(found.columns) == set(DROPS.schema.names)
        return sorted(int(n) for n in found["row_id"])

    assert seen() == held(lake, "theirs") == [*range(8), 11]
    lake.compact()
    assert seen() == held(lake, "theirs")


def test_what_another_writer_adds_meanwhile_stays(lake: Lake, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, other = Lake._kept, Lake(lake.settings)

    def late(self: Lake, *arguments: object) -> Iterator[tuple[int, Path]]:
        monkeypatch.setattr(Lake, "_kept", kept)
        yield from kept(self, *arguments)
        other.append(DROPS, [drop("theirs", 9)])  # the commit is refused, and tried again

    monkeypatch.setattr(Lake, "_kept", late)
    lake.replace_buckets(DROPS, files(20), OTHERS)
    assert (held(lake), held(lake, "theirs")) == ([20], [*range(8), 9])


@pytest.mark.parametrize("at", ["place", "commit"])
def test_what_fails_leaves_no_file_behind(lake: Lake, files: Files, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    before, ours = on_disk(lake), held(lake)
    if at == "place":
        move = "storage.waiting._move"
        monkeypatch.setattr(move, lambda *_: (_ for _ in ()).throw(LakeError("disk full")))
    else:
        monkeypatch.setattr(Lake, "_commit", lambda *_: (_ for _ in ()).throw(LakeError("disk full")))
    with pytest.raises(LakeError, match="disk full"):
        lake.replace_buckets(DROPS, files(20, 21), OTHERS)
    assert on_disk(lake) == before and held(lake) == ours


def test_an_interrupt_after_the_commit_deletes_nothing(
    lake: Lake, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Lake._commit

    def interrupted(*arguments: object) -> None:
        commit(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(Lake, "_commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lake.replace_buckets(DROPS, files(20, 21), OTHERS)
    assert (held(lake), held(lake, "theirs")) == ([20, 21], list(range(8)))
