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
from storage.locks.leases import BUCKET, list_holders
from tests.flows.test_kill import kill_tree, read_contents, read_keys
from tests.scripted import ScriptedServer
from tests.waiting import until

Start = Callable[..., "Popen[str]"]
SHARED = {"lake__shared": "true", "parallel_buckets": 1}


@pytest.fixture(params=["local", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "lake") if request.param == "local" else f"{request.getfixturevalue('bucket')}/lake"


def lake_at(root: str, shared: bool = True) -> Lake:
    return Lake(LakeSettings(path=root, buckets=4, shared=shared))


def processes_at_work(root: str) -> set[int]:
    """Return the processes that hold a bucket."""
    return {holder.pid for holder in list_holders(root, BUCKET)}


def count_runs_by_bucket(root: str) -> list[int]:
    """Return for each bucket how many runs judged its programs, the smallest count first."""
    query = "select count(distinct run_id) as runs from executions group by bucket order by runs"
    with Catalog(Lake(LakeSettings(path=root))) as catalog:
        return [row["runs"] for row in catalog.rows(query)]


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
    writer.hold()  # so that neither run does all of the work
    both = [start(f"{bucket}/lake", **SHARED) for _ in range(2)]
    until(lambda: len(processes_at_work(f"{bucket}/lake")) == 2, "a bucket for each run")
    writer.release()
    for process in both:
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors[-3000:]
    assert read_contents(f"{bucket}/lake") == read_contents(tmp_path / "alone")
    assert writer.asked == asked
    with Catalog(Lake(LakeSettings(path=f"{bucket}/lake"))) as catalog:
        [total] = catalog.rows("select count(distinct run_id) as runs from executions")
    assert total["runs"] == 2 and set(count_runs_by_bucket(f"{bucket}/lake")) == {1}  # disjoint buckets


@pytest.mark.slow  # three runs
def test_the_buckets_of_a_killed_run_are_finished_by_the_other(
    tmp_path: Path, root: str, start: Start, finish: Callable[..., None], writer: ScriptedServer
) -> None:
    finish(tmp_path / "alone")
    writer.forget()
    writer.hold()
    with ScriptedServer() as doomed:  # for the killed run alone: what it still answers moves no samples of the other
        doomed.hold("repair")
        killed = start(root, **SHARED, model__urls=f"[{doomed.url}]")
        until(lambda: doomed.held or killed.poll() is not None, "a prompt for a repair")
        assert killed.poll() is None, killed.communicate()[1][-3000:]
        other = start(root, **SHARED)
        until(lambda: len(processes_at_work(root)) == 2, "a bucket for each run")
        before = set(read_keys(root))
        kill_tree(killed)
    writer.release()
    _, errors = other.communicate(timeout=280)
    assert other.returncode == 0, errors[-3000:]
    assert read_contents(root) == read_contents(tmp_path / "alone")
    assert before < set(read_keys(root)) and len(read_keys(root)) == len(set(read_keys(root)))
    assert count_runs_by_bucket(root).count(2) == 1, "the bucket of the killed run, which the other finished"


def test_a_bucket_is_its_runs_while_that_lives_however_long(root: str) -> None:
    short = LakeSettings(path=root, shared=True, lease_s=3)
    with claim_lake(Lake(short), "one") as one:
        assert one.claim_bucket(2)
        [first] = list_holders(root, BUCKET)
        until(lambda: time.time() > first.expires, "the end of the first lease, which is renewed before")
        with claim_lake(Lake(short), "two") as two:
            assert not two.claim_bucket(2)
