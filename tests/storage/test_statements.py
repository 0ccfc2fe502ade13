"""Views and macros are created when a statement names them, after those that they need."""

import pytest

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.statements import find_views, list_entries, load_views
from storage.tables import TABLES

NAMES = sorted({entry.name for entry in list_entries()} - {table.name for table in TABLES})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path_factory.mktemp("empty") / "lake")))


@pytest.mark.parametrize("name", NAMES)
def test_each_view_is_created_with_all_that_it_needs(lake: Lake, name: str) -> None:
    with Catalog(lake) as catalog:
        for _, text in find_views(f"select * from {name}"):
            catalog.db.execute(text)


def test_all_views_at_once_are_those_of_the_files() -> None:
    created = "".join(text for _, text in find_views(load_views()))
    assert sorted(created.splitlines()) == sorted(load_views().splitlines())


def test_a_statement_without_views_creates_none() -> None:
    assert find_views("select problem_id from problems") == ()
