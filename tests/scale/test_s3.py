"""A lake on S3 keeps the promises of one in a folder, its leases exclude other runs, and a fault is one line."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from storage.bucket_files import BucketFiles
from storage.catalog import Catalog, generate_script
from storage.columns import Table
from storage.errors import ConfigError, HeldError, LakeError
from storage.history import resolve_as_of
from storage.lake import Lake, LakeSettings
from storage.locks.lease import LEASE, Holder
from storage.locks.leases import list_holders
from storage.s3 import lease as lease_s3
from storage.s3 import store as s3
from storage.schemas import conform_to_schema
from storage.tables import ATTEMPTS, PROBLEMS
from tests.builders import row
from tests.storage.hooked_tables import lake_with_hooks, refuse_commit
from tests.waiting import until

ROOT = Path(__file__).parents[2]
LEASE_S = 1.5
HOLD = """
import sys
from storage.lake import Lake, LakeSettings
with Lake(LakeSettings(path=sys.argv[1], lease_s=float(sys.argv[2]))).hold_exclusively("flow run 7"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lake(bucket: str) -> Lake:
    return Lake(LakeSettings(path=f"{bucket}/some/lake", buckets=2))


@pytest.fixture
def holding(lake: Lake) -> Iterator["subprocess.Popen[str]"]:
    """Start a process that holds the lake, at most as long as this one lives."""
    command = [sys.executable, "-c", HOLD, lake.root, str(LEASE_S)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def overwrite_lease(lake: Lake, holder: Holder) -> None:
    """Write a lease in the place of the present one, even if that is renewed meanwhile."""
    etag = None
    while etag is None:
        stored = s3.read_object(lake.root, LEASE)
        etag = s3.write_object(lake.root, LEASE, json.dumps(asdict(holder)).encode(), stored[1] if stored else None)


def owners(lake: Lake) -> list[str]:
    return [holder.owner for holder in list_holders(lake.root)]


def rows(table: Table, count: int, **columns: object) -> list[dict[str, object]]:
    return [row(table, **{table.key[0]: f"{n:024x}", "bucket": n % 2, **columns}) for n in range(count)]


def test_rows_are_read_by_bucket_and_by_version(lake: Lake) -> None:
    lake.append(PROBLEMS, rows(PROBLEMS, 4, prompt="old"))
    lake.upsert(PROBLEMS, rows(PROBLEMS, 6, prompt="new"))
    with Catalog(lake) as catalog:
        assert catalog.rows("select prompt, count(*) as n from problems group by all") == [{"prompt": "new", "n": 6}]
        assert catalog.rows("select count(*) as n from attempts") == [{"n": 0}]
    with Catalog(lake, bucket=1) as catalog:
        assert catalog.rows("select distinct bucket from problems") == [{"bucket": 1}]
    first = lake.versions()["problems"] - 1
    with Catalog(lake, {"problems": first}) as catalog:
        assert catalog.rows("select distinct prompt from problems") == [{"prompt": "old"}]
    now = datetime.now(UTC).isoformat()
    assert resolve_as_of(lake, now)["problems"] == first + 1
    assert "load httpfs" in generate_script(lake)


def test_only_files_of_the_named_bucket_are_opened(lake: Lake) -> None:
    lake.append(PROBLEMS, rows(PROBLEMS, 10))
    with Catalog(lake) as catalog:
        plan = catalog.db.sql("select prompt, tests from problems where bucket = 1").explain()
    assert "Scanning Files: 1/2" in plan


def test_a_query_reads_no_other_object(lake: Lake, bucket: str) -> None:
    other = Lake(LakeSettings(path=f"{bucket}/other"))
    lake.append(PROBLEMS, rows(PROBLEMS, 2))
    other.append(PROBLEMS, rows(PROBLEMS, 2))
    [file] = other.files(PROBLEMS, bucket=0)
    with Catalog(lake) as catalog, pytest.raises(ConfigError, match="reads only the files of the lake"):
        list(catalog.run_user_sql(f"select * from read_parquet('{file}')"))


def test_concurrent_appends_lose_no_row(lake: Lake) -> None:
    def write(n: int) -> None:
        for part in range(3):
            lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=f"{n}-{part}", problem_id="p", bucket=n % 2)])

    lake.append(PROBLEMS, rows(PROBLEMS, 1))
    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Catalog(lake) as catalog:
        assert catalog.rows("select count(*) as n, count(distinct attempt_id) as ids from attempts") == [
            {"n": 12, "ids": 12}
        ]


def test_small_files_are_merged_and_old_ones_deleted(lake: Lake) -> None:
    for n in range(3):
        lake.append(PROBLEMS, [row(PROBLEMS, problem_id=str(n), bucket=0)])
    assert lake.compact()["problems"] == {"removed": 3, "added": 1}
    assert lake.vacuum(keep_hours=0)["problems"] == 3
    with Catalog(lake) as catalog:
        assert catalog.rows("select count(*) as n from problems") == [{"n": 3}]


def test_whole_buckets_are_replaced_and_a_refused_commit_leaves_no_object(
    lake: Lake, bucket: str, tmp_path: Path
) -> None:
    lake.append(PROBLEMS, rows(PROBLEMS, 6, prompt="old"))

    def replace(lake: Lake, folder: str) -> None:
        files = BucketFiles(tmp_path / folder)
        data = pa.Table.from_pylist(rows(PROBLEMS, 8, prompt="new"), PROBLEMS.schema)
        files.add(1, conform_to_schema(PROBLEMS, data))
        lake.replace_buckets(PROBLEMS, files.finish(), f"problem_id = '{1:024x}'")

    replace(lake, "first")
    with Catalog(lake) as catalog:
        counts = catalog.rows("select prompt, bucket, count(*) as n from problems group by all order by all")
    assert [tuple(row.values()) for row in counts] == [("new", 1, 8), ("old", 0, 3), ("old", 1, 1)]
    before = s3.list_objects(bucket, "some/lake/problems")
    with pytest.raises(LakeError, match="refused"):
        replace(lake_with_hooks(lake, refuse_commit), "second")
    assert s3.list_objects(bucket, "some/lake/problems") == before


def test_a_second_run_is_refused_in_one_line_that_names_the_holder(
    lake: Lake, holding: "subprocess.Popen[str]"
) -> None:
    with (
        pytest.raises(HeldError, match=f"^{lake.root}: held by flow run 7 .process {holding.pid}") as failure,
        lake.hold_exclusively(),
    ):
        pass
    assert "\n" not in str(failure.value)
    assert owners(lake) == ["flow run 7"]


def test_the_lease_of_a_killed_run_is_taken_over_at_once_on_the_same_machine(
    lake: Lake, holding: "subprocess.Popen[str]"
) -> None:
    holding.kill()
    holding.wait()
    with lake.hold_exclusively("next"):
        assert owners(lake) == ["next"]
    assert list_holders(lake.root) == []


def test_the_lease_of_another_machine_is_taken_over_when_it_has_expired(lake: Lake) -> None:
    with lease_s3.hold_object(lake.root, LEASE, "flow run 8", 60, 0) as holder:
        pass
    other = replace(holder, host="far", machine="other boot", pid=1, token="other", expires=time.time() + 600)
    overwrite_lease(lake, other)
    with pytest.raises(HeldError, match=r"flow run 8 \(process 1 on far\)"), lake.hold_exclusively():
        pass
    expiring = replace(other, expires=time.time() + 1)
    overwrite_lease(lake, expiring)
    with lease_s3.hold_object(lake.root, LEASE, "next", 60, 120):
        assert time.time() >= expiring.expires


def test_a_lease_is_renewed_while_the_run_lasts(lake: Lake, holding: "subprocess.Popen[str]") -> None:
    first = lease_s3.read_holder(lake.root, LEASE)
    assert first is not None

    def renewed() -> bool:
        holder = lease_s3.read_holder(lake.root, LEASE)
        assert holder is not None and holder.token == first.token
        return holder.expires > first.expires + LEASE_S

    until(renewed, "the lease outlives its first expiry")


def test_a_run_whose_lease_was_taken_over_ends_and_leaves_the_lease_of_the_other(
    lake: Lake, holding: "subprocess.Popen[str]"
) -> None:
    holder = lease_s3.read_holder(lake.root, LEASE)
    assert holder is not None
    other = replace(holder, owner="another", machine="other boot", token="other", expires=time.time() + 600)
    overwrite_lease(lake, other)
    assert holding.wait(120) == -signal.SIGTERM
    assert lease_s3.read_holder(lake.root, LEASE) == other


def test_one_of_many_runs_holds_the_lease_at_a_time(lake: Lake) -> None:
    ready, running, counts = threading.Barrier(6), set[int](), list[int]()

    def hold(n: int) -> None:
        ready.wait()
        with lease_s3.hold_object(lake.root, LEASE, f"run {n}", 60, 60):
            running.add(n)
            counts.append(len(running))
            time.sleep(0.05)
            running.remove(n)

    threads = [threading.Thread(target=hold, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1] * 6


def test_a_store_that_cannot_be_reached_is_one_line_that_names_the_variables(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with (
        pytest.raises(LakeError, match="AWS_ENDPOINT_URL") as failure,
        Lake(LakeSettings(path="s3://no/lake")).hold_exclusively(),
    ):
        pass
    assert "\n" not in str(failure.value)


def test_a_missing_obstore_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigError, match=r"^lake.path: a lake on S3 needs obstore; .* -m pip install 'obstore>="):
        s3.duckdb_filesystem()


@pytest.mark.parametrize("path", ["gs://bucket/lake", "s3:/bucket/lake", "s3://", "https://host/lake"])
def test_a_path_is_a_folder_or_lies_on_s3(path: str) -> None:
    with pytest.raises(ValueError, match="expected a folder or s3://BUCKET/PATH"):
        LakeSettings(path=path)
