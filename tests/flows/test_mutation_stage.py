"""A refresh measures the strength of tests only where its config sets mutants."""

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


def count_mutants(config: RefreshConfig) -> dict[str, int]:
    """Return the number of mutants by problem."""
    with Catalog(Lake(config.lake)) as catalog:
        return {row["source_id"]: row["mutants"] for row in catalog.rows("select * from test_strength")}


def count_pending(config: RefreshConfig, selection_id: str) -> int | None:
    """Return the number of mutants that the plan lacks; None where the plan has no mutation."""
    plan = make_plan(config, selection_id, datetime.now(UTC))
    if "mutation" not in stages_of(plan):
        return None
    with Catalog(Lake(config.lake)) as catalog:
        catalog.register("this_plan", pa.Table.from_pylist([plan], schema=without_descriptions(PLANS.schema)))
        catalog.rows("create or replace view plans as from this_plan")
        return pending_counts(catalog, plan["plan_id"])["mutation"].total()


def test_mutation_is_off_by_default_and_then_the_only_work_of_a_finished_lake(
    config: Build, writer: ScriptedServer
) -> None:
    report = refresh(config())
    assert "mutants" not in report.versions and count_pending(config(), report.selection_id) is None
    writer.asked.clear()
    with_mutants = config(mutation__mutants=2)
    assert count_pending(with_mutants, report.selection_id) == 4
    before = report.versions
    after = refresh(with_mutants).versions
    assert count_mutants(with_mutants) == {"add": 2, "last": 2}
    assert count_pending(with_mutants, report.selection_id) == 0 and not writer.asked
    assert {table for table in after if after[table] != before.get(table)} == {"mutants", "plans"}
    refresh(with_mutants)
    assert Lake(with_mutants.lake).versions() == after


def test_mutation_alone_covers_only_problems_with_a_judged_reference(config: Build) -> None:
    with_mutants = config(mutation__mutants=2)
    refresh(with_mutants, ("mutation",))
    assert count_mutants(with_mutants) == {"add": 0, "last": 0}
    refresh(with_mutants, ("execute", "mutation"))
    assert count_mutants(with_mutants) == {"add": 2, "last": 2}
