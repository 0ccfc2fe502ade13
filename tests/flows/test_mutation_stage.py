"""The refresh measures the strength of tests where it is asked to, and only then."""

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from flows.config import RefreshConfig
from flows.plan import make_plan
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.columns import without_descriptions
from storage.lake import Lake
from storage.plan_tables import PLANS
from tasks.running.pending import pending_counts, stages_of
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


def mutants_of(config: RefreshConfig) -> dict[str, int]:
    with Catalog(Lake(config.lake)) as catalog:
        return {row["source_id"]: row["mutants"] for row in catalog.rows("select * from test_strength")}


def pending(config: RefreshConfig, selection_id: str) -> int | None:
    plan = make_plan(config, selection_id, datetime.now(UTC))
    if "mutation" not in stages_of(plan):
        return None
    with Catalog(Lake(config.lake)) as catalog:
        catalog.register("this_plan", pa.Table.from_pylist([plan], schema=without_descriptions(PLANS.schema)))
        catalog.rows("create or replace view plans as from this_plan")
        return pending_counts(catalog, plan["plan_id"])["mutation"].total()


def test_it_is_off_until_asked_for_and_then_the_only_work_of_a_finished_lake(
    config: Build, writer: ScriptedServer
) -> None:
    report = refresh(config())
    assert "mutants" not in report.versions and pending(config(), report.selection_id) is None
    writer.asked.clear()
    asked = config(mutation__mutants=2)
    assert pending(asked, report.selection_id) == 4
    before = report.versions
    after = refresh(asked).versions
    assert mutants_of(asked) == {"add": 2, "last": 2}
    assert pending(asked, report.selection_id) == 0 and not writer.asked
    assert {table for table in after if after[table] != before.get(table)} == {"mutants", "plans"}
    refresh(asked)
    assert Lake(asked.lake).versions() == after


def test_alone_it_does_what_the_judged_references_allow(config: Build) -> None:
    asked = config(mutation__mutants=2)
    refresh(asked, ("mutation",))
    assert mutants_of(asked) == {"add": 0, "last": 0}
    refresh(asked, ("execute", "mutation"))
    assert mutants_of(asked) == {"add": 2, "last": 2}
