"""Several runs on one lake: each bucket is one's alone, nothing is done twice, and who dies is followed."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from storage.catalog import Catalog
from storage.errors import HeldError
from storage.lake import Lake, LakeSettings
from storage.locks.claims import claim_lake
from storage.locks.leases import list_holders
from tests.flows.test_kill import contents, keys, kill_tree
from tests.scripted import ScriptedServer

Start = Callable[..., "Popen[str]"]


@pytest.fixture(params=["local", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "lake") if request.param == "local" else f"{request.getfixturevalue('bucket')}/lake"


def lake_at(root: str, shared: bool = True) -> Lake:
    return Lake(LakeSettings(path=root, buckets=4, shared=shared))


def test_a_bucket_is_one_runs_alone_until_it_is_given_back(root: str) -> None:
    with claim_lake(lake_at(root), "one") as one, claim_lake(lake_at(root), "two") as two:
        assert one.shared and one.claim_bucket(0) and two.claim_bucket(1)
        assert not two.claim_bucket(0) and not one.claim_bucket(1)
        one.release_bucket(0)
        assert two.claim_bucket(0)
    with claim_lake(lake_at(root), "three") as three:  # ended runs hold nothing
        assert three.claim_bucket(0) and three.claim_bucket(1)
    assert list_holders(root) == []


def test_a_run_that_wants_the_lake_alone_is_refused_while_others_share_it(root: str) -> None:
    with (
        claim_lake(lake_at(root), "one"),
        pytest.raises(HeldError, match="held by one"),
        lake_at(root).hold_exclusively(),
    ):
        pass
    with lake_at(root).hold_exclusively():
        pass


def test_without_the_setting_a_run_holds_all_of_the_lake(tmp_path: Path) -> None:
    lake = lake_at(str(tmp_path), shared=False)
    with claim_lake(lake, "one") as work, pytest.raises(HeldError), lake.hold_exclusively():
        assert not work.shared
    with claim_lake(lake, "one") as work, work.hold_exclusively():
        assert work.claim_bucket(3)


@pytest.mark.slow  # two runs beside each other on S3, after one alone
def test_two_runs_on_one_lake_on_s3_make_the_rows_of_one_and_nothing_twice(
    tmp_path: Path, bucket: str, start: Start, finish: Callable[..., None], writer: ScriptedServer
) -> None:
    finish(tmp_path / "alone")
    asked = Counter(writer.asked)
    writer.forget()
    writer.asked.clear()
    writer.delay_s = 2.0  # so that the second run finds something to do
    both = [start(f"{bucket}/lake", lake__shared="true", parallel_buckets=1) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors[-3000:]
    assert contents(f"{bucket}/lake") == contents(tmp_path / "alone")
    assert writer.asked == asked
    with Catalog(Lake(LakeSettings(path=f"{bucket}/lake"))) as catalog:
        runs = catalog.rows("select bucket, count(distinct run_id) as runs from executions group by bucket")
        [all_] = catalog.rows("select count(distinct run_id) as runs from executions")
    assert all_["runs"] == 2 and all(row["runs"] == 1 for row in runs)  # disjoint buckets


@pytest.mark.slow  # three runs
def test_the_buckets_of_a_killed_run_are_finished_by_the_other(
    tmp_path: Path, root: str, start: Start, finish: Callable[..., None], writer: ScriptedServer
) -> None:
    finish(tmp_path / "alone")
    writer.forget()
    writer.delay_s = 1.0
    killed = start(root, lake__shared="true", lake__commit_s=600)  # so that a step's rows are all there, or none
    until = time.monotonic() + 200
    while time.monotonic() < until and len(list_holders(root, "bucket-")) < 2 and killed.poll() is None:
        time.sleep(0.1)
    assert killed.poll() is None, "it ended before it could be killed"
    other = start(root, lake__shared="true")
    time.sleep(3)
    kill_tree(killed)
    writer.forget()  # what it had asked and not committed is asked again, and must bring the same programs
    _, errors = other.communicate(timeout=280)
    assert other.returncode == 0, errors[-3000:]
    assert contents(root) == contents(tmp_path / "alone")
    assert len(keys(root)) == len(set(keys(root)))


def test_a_bucket_is_its_runs_while_that_lives_however_long(root: str) -> None:
    short = LakeSettings(path=root, shared=True, lease_s=1)
    with claim_lake(Lake(short), "one") as one:
        assert one.claim_bucket(2)
        time.sleep(2)  # longer than a lease, which is renewed meanwhile
        with claim_lake(Lake(short), "two") as two:
            assert not two.claim_bucket(2)
