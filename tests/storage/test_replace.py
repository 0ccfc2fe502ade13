"""Whole buckets are replaced in one commit from files on disk, and rows of other writers stay."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars
import pyarrow as pa
import pytest

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog
from storage.errors import LakeError
from storage.lake import Lake, LakeSettings
from storage.schemas import conform_to_schema
from storage.tables import ATTEMPTS, DROPS
from tests.builders import row
from tests.storage.hooked_tables import lake_with_hooks, refuse_commit

KEEP_OTHER_STAGES = "stage <> 'replaced'"
WriteFiles = Callable[..., dict[int, Path]]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=4))
    lake.append(DROPS, [drop_row(stage, n) for stage in ("replaced", "other") for n in range(8)])
    return lake


@pytest.fixture
def write_files(tmp_path: Path) -> WriteFiles:
    """Write files of the drops with these numbers, by bucket; also empty ones."""

    def write(*numbers: int, buckets: Sequence[int] = range(4)) -> dict[int, Path]:
        files = BucketFiles(tmp_path / "files")
        for bucket in buckets:
            files.add(bucket, drops_data([n for n in numbers if n % 4 == bucket]))
        return files.finish()

    return write


def drop_row(stage: str, n: int) -> dict[str, object]:
    return row(DROPS, stage=stage, row_id=str(n), bucket=n % 4, reason="r")


def drops_data(numbers: Sequence[int]) -> pa.Table:
    rows = [drop_row("replaced", n) for n in numbers]
    return conform_to_schema(DROPS, pa.Table.from_pylist(rows, schema=DROPS.schema))


def numbers_of(lake: Lake, stage: str = "replaced") -> list[int]:
    with Catalog(lake) as catalog:
        rows = catalog.rows("select row_id, bucket from drops where stage = $stage", stage=stage)
    assert all(int(row["row_id"]) % 4 == row["bucket"] for row in rows)
    return sorted(int(row["row_id"]) for row in rows)


def files_on_disk(lake: Lake) -> set[str]:
    return {path.name for path in Path(lake.uri(DROPS)).rglob("*.parquet")}


def test_named_buckets_are_replaced_and_the_others_not_touched(lake: Lake, write_files: WriteFiles) -> None:
    files_before = {path for path in lake.files(DROPS) if "bucket=3" in path}
    lake.replace_buckets(DROPS, write_files(20, 21, 25, buckets=(0, 1, 2)), KEEP_OTHER_STAGES, {"attempts": 7}, "rules")
    assert numbers_of(lake) == [3, 7, 20, 21, 25]
    assert numbers_of(lake, "other") == list(range(8))
    assert {path for path in lake.files(DROPS) if "bucket=3" in path} == files_before
    assert lake.tables.open_or_create(DROPS).history(1)[0]["built_by"] == "rules"


def test_without_keep_all_rows_of_a_bucket_are_replaced(lake: Lake, write_files: WriteFiles) -> None:
    lake.replace_buckets(DROPS, write_files(21, buckets=(1,)))
    assert (numbers_of(lake), numbers_of(lake, "other")) == ([0, 2, 3, 4, 6, 7, 21], [0, 2, 3, 4, 6, 7])


def test_a_bucket_is_written_in_parts_and_may_become_empty(lake: Lake, tmp_path: Path) -> None:
    files = BucketFiles(tmp_path / "files")
    for bucket, numbers in ((0, (20,)), (0, ()), (0, (24, 28)), (1, ()), (2, (22,))):
        files.add(bucket, drops_data(numbers))
    assert files.num_rows == 4
    with pytest.raises(ValueError, match="bucket 0 is complete"):
        files.add(0, drops_data([]))
    lake.replace_buckets(DROPS, files.finish(), KEEP_OTHER_STAGES)
    assert numbers_of(lake) == [3, 7, 20, 22, 24, 28]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(LakeError, match=f"{file}/w: cannot be written: Not a directory"):
        BucketFiles(file / "w").add(0, drops_data([0]))


def test_buckets_of_a_table_that_does_not_exist_are_written(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "new"), buckets=2))
    files = BucketFiles(tmp_path / "files")
    rows = [row(ATTEMPTS, attempt_id="a", bucket=1, code="x")]
    files.add(1, conform_to_schema(ATTEMPTS, pa.Table.from_pylist(rows, schema=ATTEMPTS.schema)))
    lake.replace_buckets(ATTEMPTS, files.finish(), "kind = 'none'")
    with Catalog(lake) as catalog:
        assert catalog.rows("select * from attempts") == rows


def test_the_old_version_is_still_read_and_the_new_one_compacted(lake: Lake, write_files: WriteFiles) -> None:
    before = lake.versions()
    lake.replace_buckets(DROPS, write_files(20, 24), KEEP_OTHER_STAGES)
    with Catalog(lake, before) as catalog:
        assert catalog.rows("select count(*) as n from drops where stage = 'replaced'") == [{"n": 8}]
    lake.compact()
    assert (numbers_of(lake), numbers_of(lake, "other")) == ([20, 24], list(range(8)))


def test_polars_reads_rows_that_were_appended_upserted_replaced_and_compacted(
    lake: Lake, write_files: WriteFiles
) -> None:
    lake.upsert(DROPS, [drop_row("other", n) for n in (3, 11)])
    lake.replace_buckets(DROPS, write_files(20, 24), KEEP_OTHER_STAGES)

    def numbers_by_polars() -> list[int]:
        frame = polars.scan_delta(lake.uri(DROPS)).filter(polars.col("stage") == "other").collect()
        assert set(frame.columns) == set(DROPS.schema.names)
        return sorted(int(n) for n in frame["row_id"])

    assert numbers_by_polars() == numbers_of(lake, "other") == [*range(8), 11]
    lake.compact()
    assert numbers_by_polars() == numbers_of(lake, "other")


def test_rows_that_another_writer_adds_meanwhile_stay(lake: Lake, write_files: WriteFiles) -> None:
    tries: list[int] = []

    def let_another_writer_append() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            Lake(lake.settings).append(DROPS, [drop_row("other", 9)])

    lake_with_hooks(lake, let_another_writer_append).replace_buckets(DROPS, write_files(20), KEEP_OTHER_STAGES)
    assert len(tries) == 2, "the first commit is refused"
    assert (numbers_of(lake), numbers_of(lake, "other")) == ([20], [*range(8), 9])


def test_a_refused_commit_leaves_no_file_behind(lake: Lake, write_files: WriteFiles) -> None:
    before = files_on_disk(lake), numbers_of(lake)
    with pytest.raises(LakeError, match="refused"):
        lake_with_hooks(lake, refuse_commit).replace_buckets(DROPS, write_files(20, 21), KEEP_OTHER_STAGES)
    assert (files_on_disk(lake), numbers_of(lake)) == before


def test_a_file_that_cannot_be_moved_leaves_no_other_behind(tmp_path: Path, write_files: WriteFiles) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "other lake"), buckets=4))
    lake.append(DROPS, [drop_row("replaced", 0)])
    before = files_on_disk(lake)
    Path(lake.uri(DROPS), "bucket=1").touch()  # no folder
    with pytest.raises(LakeError, match=r"bucket=1.*cannot be written"):
        lake.replace_buckets(DROPS, write_files(20, 21), KEEP_OTHER_STAGES)
    assert files_on_disk(lake) == before and numbers_of(lake) == [0]


def test_an_interrupt_after_the_commit_deletes_nothing(lake: Lake, write_files: WriteFiles) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lake_with_hooks(lake, after_commit=interrupt).replace_buckets(DROPS, write_files(20, 21), KEEP_OTHER_STAGES)
    assert (numbers_of(lake), numbers_of(lake, "other")) == ([20, 21], list(range(8)))
