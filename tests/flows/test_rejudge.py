"""A newer judge judges everything again, and nothing is generated again; what it changed can be asked."""

import json
from collections.abc import Callable, Iterable, Iterator

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from judge.pool import SlotPool
from judge.protocol import JUDGE_VERSION, Job, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Raise the judge's version, and have it mistrust programs that name `total`, so that some verdicts change."""

    def judge(self: SlotPool, jobs: Iterable[Job]) -> Iterator[Judged]:
        for judged in before(self, jobs):
            yield judged if judged.verdict != "passed" else stricter(judged)

    def stricter(judged: Judged) -> Judged:
        return Judged(judged.job_id, "failed", judged.tests, ("tampered",), feedback="stricter")

    before = SlotPool.judge

    def raise_it() -> None:
        for module in ("tasks.plan", "tasks.running.executions"):
            monkeypatch.setattr(f"{module}.JUDGE_VERSION", JUDGE_VERSION + 1)
        monkeypatch.setattr(SlotPool, "judge", judge)

    return raise_it


def test_a_newer_judge_judges_all_again_and_asks_no_model(
    config: Build, writer: ScriptedServer, newer: Callable[[], None], patchmill: Callable[..., object]
) -> None:
    refresh(config())
    asked = dict(writer.asked)
    with Catalog(Lake(config().lake)) as catalog:
        before = catalog.rows("select attempt_id, verdict from executions")
    newer()
    refresh(config())
    with Catalog(Lake(config().lake)) as catalog:
        after = catalog.rows("select attempt_id, verdict from executions where judge_version > $v", v=JUDGE_VERSION)
    assert {row["attempt_id"] for row in before} <= {row["attempt_id"] for row in after}
    assert writer.asked == asked
    told = patchmill("judge", "--since", JUDGE_VERSION, "--lake", config().lake.path, "--json")
    changes = json.loads(told.stdout)  # type: ignore[attr-defined]
    passed = {row["attempt_id"] for row in before if row["verdict"] == "passed"}
    assert {change["attempt_id"] for change in changes} == passed
    assert {(c["old_verdict"], c["new_verdict"]) for c in changes} == {("passed", "failed")}


def test_asking_for_changes_of_no_newer_judge_is_one_line(config: Build, patchmill: Callable[..., object]) -> None:
    refresh(config())
    told = patchmill("judge", "--since", JUDGE_VERSION, "--lake", config().lake.path)
    assert told.returncode == 2 and "no verdict of a newer judge" in told.stderr  # type: ignore[attr-defined]
