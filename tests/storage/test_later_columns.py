"""A table that was created before one of its columns can be read and written; the rows from before hold null there."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog
from storage.columns import without_descriptions
from storage.lake import Lake, LakeSettings
from storage.schemas import rows_to_arrow
from storage.tables import DROPS
from tests.builders import row

LATER = "problem_id"
Problems = dict[str, str | None]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return a lake whose drops lack a column; it holds a row in each of two buckets."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=2))
    schema = pa.schema([field for field in without_descriptions(DROPS.schema) if field.name != LATER])
    description = json.dumps({"buckets": 2})
    DeltaTable.create(f"{lake.root}/drops", schema, partition_by=["bucket"], description=description)
    old = rows_to_arrow(DROPS, [drop("old0", None), drop("old1", None)]).drop_columns(LATER)
    write_deltalake(f"{lake.root}/drops", old, mode="append")
    return lake


def drop(row_id: str, problem_id: str | None) -> dict[str, object]:
    return row(DROPS, stage="s", row_id=row_id, bucket=int(row_id[-1]), problem_id=problem_id)


def problems(lake: Lake, bucket: int | None = None, version: int | None = None) -> Problems:
    versions = {} if version is None else {"drops": version}
    with Catalog(lake, versions, bucket) as catalog:
        return {r["row_id"]: r["problem_id"] for r in catalog.rows("select row_id, problem_id from drops")}


OLD: Problems = {"old0": None, "old1": None}


def test_reading_alone_writes_nothing(lake: Lake) -> None:
    assert problems(lake) == OLD
    assert DeltaTable(f"{lake.root}/drops").version() == 1


def test_appended_rows_hold_the_column_beside_rows_from_before(lake: Lake) -> None:
    lake.append(DROPS, [drop("new0", "p")])
    assert problems(lake) == OLD | {"new0": "p"}
    assert problems(lake, bucket=1) == {"old1": None}, "a bucket without any new file"
    assert problems(lake, version=1) == OLD, "the version before"
    with Catalog(lake) as catalog:
        assert catalog.rows("select row_id from drops where problem_id = 'p'") == [{"row_id": "new0"}]


def test_a_row_from_before_can_be_replaced(lake: Lake) -> None:
    lake.upsert(DROPS, [drop("old1", "p")])
    assert problems(lake) == {"old0": None, "old1": "p"}


def test_rows_from_before_stay_beside_a_replaced_bucket(lake: Lake, tmp_path: Path) -> None:
    files = BucketFiles(tmp_path / "files")
    files.add(0, rows_to_arrow(DROPS, [drop("new0", "p")]))
    lake.replace_buckets(DROPS, files.finish(), keep="row_id = 'old0'")
    assert problems(lake) == OLD | {"new0": "p"}


def test_all_rows_can_be_replaced_and_merged(lake: Lake) -> None:
    lake.append(DROPS, [drop("new0", "p")])
    lake.compact()
    assert problems(lake) == OLD | {"new0": "p"}
    lake.replace(DROPS, rows_to_arrow(DROPS, [drop("new1", "q")]))
    assert problems(lake) == {"new1": "q"}


def test_of_several_writers_at_once_none_loses_a_row(lake: Lake) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: lake.append(DROPS, [drop(f"new{n}", str(n))]), (10, 20, 31, 41)))
    assert problems(lake) == OLD | {"new10": "10", "new20": "20", "new31": "31", "new41": "41"}
