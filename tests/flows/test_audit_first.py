"""A refresh audits its sandbox first, once per machine, and stops where a verdict is wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from judge.attacks import ATTACKS
from judge.errors import AuditError
from judge.protocol import Judged
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.audit.rows import select_attacks
from tasks.running.effects import judging_through
from tests.judges import InterceptingJudge
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


def test_a_sandbox_is_audited_once_and_the_lake_records_every_attack(config: Build, writer: ScriptedServer) -> None:
    report = refresh(config(audit="sample"))
    assert report.funnel["attempts"] == 6
    versions = Lake(config().lake).versions()
    with Catalog(Lake(config().lake)) as catalog:
        rows = catalog.rows("select attack, attack_class, ok, environment from audits")
    assert {row["attack"] for row in rows} == {attack.name for attack in select_attacks("sample")}
    assert {row["attack_class"] for row in rows} == {attack.group for attack in ATTACKS}
    assert all(row["ok"] and "Python 3" in row["environment"] for row in rows)
    refresh(config("add", "last", "shout", audit="sample"))
    assert Lake(config().lake).versions()["audits"] == versions["audits"]


def test_nothing_is_judged_by_a_sandbox_that_can_be_fooled(config: Build, writer: ScriptedServer) -> None:
    def trust_exits(judged: Judged) -> Judged:
        return replace(judged, verdict="passed") if judged.verdict == "exited" else judged

    with (
        judging_through(lambda judge: InterceptingJudge(judge, after=trust_exits)),
        pytest.raises(AuditError, match=r"wrong verdict.*patchmill audit"),
    ):
        refresh(config(audit="sample"))
    assert not writer.asked
    with Catalog(Lake(config().lake)) as catalog:
        assert catalog.rows("select count(*) as n from executions")[0]["n"] == 0
        assert catalog.rows("select count(*) as n from audits where not ok")[0]["n"] > 0
