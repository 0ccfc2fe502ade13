"""The refresh measures the strength of tests where it is asked to, and only then."""

from collections.abc import Callable

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.running.pending import pending_counts
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


def mutants_of(config: RefreshConfig) -> dict[str, int]:
    with Catalog(Lake(config.lake)) as catalog:
        return {row["source_id"]: row["mutants"] for row in catalog.rows("select * from test_strength")}


def pending(config: RefreshConfig, selection_id: str) -> int | None:
    with Catalog(Lake(config.lake)) as catalog:
        counts = pending_counts(catalog, config.plan(selection_id))
    return counts["strength"].total() if "strength" in counts else None


def test_it_is_off_until_asked_for_and_then_the_only_work_of_a_finished_lake(
    config: Build, writer: ScriptedServer
) -> None:
    made = refresh(config())
    assert "mutants" not in made.versions and pending(config(), made.selection_id) is None
    writer.asked.clear()
    asked = config(mutation__mutants=2)
    assert pending(asked, made.selection_id) == 4
    before = made.versions
    after = refresh(asked).versions
    assert mutants_of(asked) == {"add": 2, "last": 2}
    assert pending(asked, made.selection_id) == 0 and not writer.asked
    assert {table for table in after if after[table] != before.get(table)} == {"mutants"}
    refresh(asked)
    assert Lake(asked.lake).versions() == after


def test_alone_it_does_what_the_judged_references_allow(config: Build) -> None:
    asked = config(mutation__mutants=2)
    refresh(asked, ("strength",))
    assert mutants_of(asked) == {"add": 0, "last": 0}
    refresh(asked, ("execute", "strength"))
    assert mutants_of(asked) == {"add": 2, "last": 2}
