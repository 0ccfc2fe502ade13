"""Rows are written whole or not at all, replaced by key, and read at one version."""

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from storage.catalog import Catalog
from storage.errors import LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DIAGNOSES, DROPS, EXECUTIONS, PLANS, SELECTIONS, TABLES
from tests.builders import row


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "a lake"), buckets=4))


def drop_row(n: int, **columns: object) -> dict[str, object]:
    return row(DROPS, stage="s", row_id=str(n), bucket=n % 4, **columns)


def attempt_row(attempt_id: str, code: str) -> dict[str, object]:
    return row(ATTEMPTS, attempt_id=attempt_id, code=code)


def execution_row(attempt_id: str, verdict: str) -> dict[str, object]:
    return row(EXECUTIONS, attempt_id=attempt_id, suite_id="s", judge_version=1, verdict=verdict)


def count_rows(lake: Lake, source: str = "drops") -> int:
    with Catalog(lake) as catalog:
        return int(catalog.rows(f"select count(*) as n from {source}")[0]["n"])


def test_rows_come_back_as_they_were_written(lake: Lake) -> None:
    execution = row(
        EXECUTIONS,
        attempt_id="a",
        bucket=3,
        verdict="failed",
        flags=["flaky"],
        tests=[{"test": "assert f() == 'ü\\n'", "verdict": "failed", "message": "got ☃"}],
    )
    lake.append(EXECUTIONS, [execution])
    with Catalog(lake) as catalog:
        assert catalog.rows("select * from executions") == [execution]


def test_every_table_is_a_view_also_in_an_empty_lake(lake: Lake) -> None:
    with Catalog(lake) as catalog:
        for table in TABLES:
            assert catalog.arrow(f"select * from {table.name}").schema.names == table.schema.names


def test_a_lake_keeps_its_number_of_buckets(lake: Lake) -> None:
    assert lake.buckets == 4
    assert Lake(LakeSettings(path=lake.root, buckets=64)).buckets == 4


def test_a_bucket_is_read_alone(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(n) for n in range(10)])
    with Catalog(lake, bucket=1) as catalog:
        rows = catalog.rows("select row_id from drops order by row_id")
    assert [row["row_id"] for row in rows] == ["1", "5", "9"]


def test_a_pinned_version_stays_the_same(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(1)])
    pinned = lake.versions()
    lake.append(DROPS, [drop_row(2)])
    with Catalog(lake, versions=pinned) as catalog:
        assert len(catalog.rows("select * from drops")) == 1
    assert count_rows(lake) == 2


def test_appending_no_rows_makes_no_version(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(1)])
    before = lake.versions()
    assert lake.append(DROPS, []) == 0
    assert lake.versions() == before


def test_upsert_replaces_by_key_and_adds_the_rest(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(1, reason="old"), drop_row(2, reason="old")])
    lake.upsert(DROPS, [drop_row(2, reason="new"), drop_row(3, reason="new")])
    with Catalog(lake) as catalog:
        rows = catalog.rows("select row_id, reason from drops order by row_id")
    assert [tuple(row.values()) for row in rows] == [("1", "old"), ("2", "new"), ("3", "new")]


def test_written_rows_with_a_replaced_key_take_the_place_of_the_old_ones_in_one_commit(lake: Lake) -> None:
    lake.append(EXECUTIONS, [execution_row("a", "infra"), execution_row("b", "infra")])
    version = lake.versions()["executions"]
    rows = [execution_row("b", "passed"), execution_row("c", "failed")]
    assert lake.write(EXECUTIONS, rows, replaced_keys={("b", "s", 1), ("not written", "s", 1)}) == 2
    assert lake.versions()["executions"] == version + 1
    with Catalog(lake) as catalog:
        verdicts = catalog.rows("select attempt_id, verdict from executions order by attempt_id")
    assert [tuple(row.values()) for row in verdicts] == [("a", "infra"), ("b", "passed"), ("c", "failed")]


def test_without_a_replaced_key_rows_are_appended_and_the_files_that_are_there_stay(lake: Lake) -> None:
    lake.append(EXECUTIONS, [execution_row("a", "infra")])
    files = lake.files(EXECUTIONS)
    assert lake.write(EXECUTIONS, [execution_row("b", "passed")], replaced_keys={("a", "s", 1)}) == 1
    assert lake.write(EXECUTIONS, []) == 0
    assert set(files) < set(lake.files(EXECUTIONS))


def test_rows_of_a_table_that_only_grows_are_not_replaced(lake: Lake) -> None:
    lake.append(ATTEMPTS, [attempt_row("a", "old")])
    with pytest.raises(LakeError, match="attempts: cannot replace 1 rows") as failure:
        lake.write(ATTEMPTS, [attempt_row("a", "new")], replaced_keys={("a",)})
    assert failure.value.table == "attempts"
    assert lake.write(ATTEMPTS, [attempt_row("b", "new")]) == 1
    assert count_rows(lake, "attempts where code = 'old'") == 1


def test_replace_touches_only_the_rows_it_names(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(1), row(DROPS, stage="other", row_id="2", bucket=2)])
    with Catalog(lake) as catalog:
        data = catalog.arrow("select * replace ('9' as row_id) from drops where stage = 's'")
    lake.replace(DROPS, data, "stage = 's'")
    with Catalog(lake) as catalog:
        assert {row["row_id"] for row in catalog.rows("select row_id from drops")} == {"9", "2"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"cpu_ms": "slow"}, "double", id="wrong type"),
        pytest.param({"attempt_id": None}, "column attempt_id holds null", id="null key"),
        pytest.param({"colour": "red"}, "colour", id="unknown column"),
    ],
)
def test_a_row_that_does_not_fit_writes_nothing(lake: Lake, wrong: dict[str, object], message: str) -> None:
    lake.append(EXECUTIONS, [row(EXECUTIONS, attempt_id="a")])
    before = lake.versions()
    with pytest.raises(LakeError, match=message) as failure:
        lake.append(EXECUTIONS, [row(EXECUTIONS, attempt_id="b"), {**row(EXECUTIONS, attempt_id="c"), **wrong}])
    assert failure.value.table == "executions"
    assert lake.versions() == before


def test_compaction_and_vacuum_keep_every_row(lake: Lake) -> None:
    for n in range(12):
        lake.append(DROPS, [drop_row(n)])
    files = len(lake.files(DROPS))
    lake.compact()
    lake.vacuum(keep_hours=0)
    assert len(lake.files(DROPS)) < files
    assert count_rows(lake) == 12


def test_a_folder_that_is_no_lake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(LakeError, match="file"):
        Lake(LakeSettings(path=str(file))).append(DIAGNOSES, [row(DIAGNOSES, diagnosis_id="d")])


def test_repairs_descend_from_their_plan_alone(lake: Lake) -> None:
    """A repair by another recipe, or of another plan's attempt, is left out."""
    plan = {"selection_id": "sel", "generate_recipe": "G", "samples": 2, "repair_recipe": "R", "rounds": 2}
    lake.append(PLANS, [row(PLANS, plan_id="plan", **plan, diagnoses=1, repairs=2, skip_failed_references=False)])
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
        rows = catalog.rows("select attempt_id, root_id from attempts_of('plan') order by attempt_id")
    assert [tuple(row.values()) for row in rows] == [("g0", "g0"), ("r0", "g0"), ("r2", "g0")]


def test_a_table_with_other_columns_is_named(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(1)])
    other_columns = pa.table({"stage": ["s"], "row_id": ["1"], "bucket": pa.array([0], pa.int32())})
    write_deltalake(
        f"{lake.root}/drops", other_columns, mode="overwrite", schema_mode="overwrite", partition_by=["bucket"]
    )
    with pytest.raises(LakeError, match=r"table drops was written by another version .*name a new lake"):
        Catalog(lake)
