"""Queries, their statements, and the types of their answers belong together."""

from collections import Counter
from pathlib import Path

import pytest

from dashboards.headings import heading
from dashboards.queries import SQL, PageQuery, pairs, problem, programs, read_sql, temp_tables, trust
from dashboards.snapshot import MOST_ROWS
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings

MODULES = (pairs, problem, programs, trust)
QUERIES: list[PageQuery[object]] = [
    value for module in MODULES for value in vars(module).values() if isinstance(value, PageQuery)
]
VALUES = {
    "bucket": 0, "chosen": "", "dataset": "preference_correctness", "example": "", "order": "by chance", "problem": "",
    "reason": "", "rejected": "", "row": "", "scorer": "", "stage": "", "text": "",
}  # fmt: skip
"""A value for every parameter of a statement."""


def test_every_statement_has_one_query() -> None:
    assert Counter(query.name for query in QUERIES) == Counter(path.stem for path in SQL.glob("*.sql"))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_answers_have_the_columns_of_their_type_and_distinct_headings(
    query: PageQuery[object], empty_lake: Path
) -> None:
    with Catalog(Lake(LakeSettings(path=str(empty_lake)))) as catalog:
        for table in temp_tables(query.sql):
            catalog.rows(f"create temp table {table} as {read_sql(f'temp/{table}')}")
        columns = catalog.arrow(query.sql, **VALUES).schema.names
    if query.answer != dict[str, object]:
        assert [*query.answer.__annotations__] == columns
    assert len({heading(column) for column in columns}) == len(columns)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_statement_bounds_its_rows(query: PageQuery[object]) -> None:
    *_, keyword, limit = query.sql.split()
    assert keyword == "limit" and int(limit) <= MOST_ROWS


def test_temp_tables_are_those_that_a_statement_names() -> None:
    assert temp_tables(read_sql("counts")) == ("facts",)
    assert temp_tables(read_sql("drops")) == ()
