"""A refresh tries its sandbox before it believes it, once per machine, and refuses to go on where it is fooled."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from judge.attacks import ATTACKS
from judge.errors import AuditError
from judge.pool import SlotPool
from judge.protocol import Job, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.audit.rows import select_attacks
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


def test_a_sandbox_is_tried_once_and_the_lake_says_with_what(config: Build, writer: ScriptedServer) -> None:
    made = refresh(config(audit="sample"))
    assert made.funnel["attempts"] == 6
    versions = Lake(config().lake).versions()
    with Catalog(Lake(config().lake)) as catalog:
        rows = catalog.rows("select attack, attack_class, ok, environment from audits")
    assert {row["attack"] for row in rows} == {attack.name for attack in select_attacks("sample")}
    assert {row["attack_class"] for row in rows} == {attack.group for attack in ATTACKS}
    assert all(row["ok"] and "Python 3" in row["environment"] for row in rows)
    refresh(config("add", "last", "shout", audit="sample"))
    assert Lake(config().lake).versions()["audits"] == versions["audits"]


def test_nothing_is_judged_by_a_sandbox_that_can_be_fooled(
    config: Build, writer: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = SlotPool.judge

    def fooled(self: SlotPool, jobs: Iterable[Job]) -> Iterator[Judged]:
        for judged in honest(self, jobs):
            yield replace(judged, verdict="passed") if judged.verdict == "exited" else judged

    monkeypatch.setattr(SlotPool, "judge", fooled)
    with pytest.raises(AuditError, match=r"wrong verdict.*patchmill audit"):
        refresh(config(audit="sample"))
    assert not writer.asked
    with Catalog(Lake(config().lake)) as catalog:
        assert catalog.rows("select count(*) as n from executions")[0]["n"] == 0
        assert catalog.rows("select count(*) as n from audits where not ok")[0]["n"] > 0
