"""A person's SQL reads the lake, and neither writes a file nor reads another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.catalog import Catalog
from storage.errors import ConfigError, LakeError, PatchmillError
from storage.lake import Lake, LakeSettings
from storage.read_only import is_complete
from storage.statements import load_statement
from storage.tables import DROPS
from tests.builders import row


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(LakeSettings(path=str(tmp_path / "a lake"), buckets=1))
    lake.append(DROPS, [row(DROPS, stage="s", row_id=str(n), reason="r") for n in range(3)])
    (tmp_path / "secret.csv").write_text("word\nxyzzy\n")
    return lake


@pytest.fixture
def catalog(lake: Lake) -> Iterator[Catalog]:
    with Catalog(lake) as catalog:
        yield catalog


def contents_of(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def serialize_sql(catalog: Catalog, sql: str) -> str:
    """Return a statement as DuckDB's JSON, quoted for a place in another statement."""
    [row] = catalog.rows("select json_serialize_sql($text) as json", text=sql)
    return str(row["json"]).replace("'", "''")


WRITES = {
    "copy": "copy drops to '{to}'",
    "copy of a query": "copy (select 1) to '{to}' (format parquet, use_tmp_file false)",
    "second statement": "select 1; copy drops to '{to}'",
    "in a with": "with x as (copy drops to '{to}') select * from x",
    "in a with, below": "select * from (with x as (copy drops to '{to}') select * from x)",
    "in a with of a table": "create table t as with x as (copy drops to '{to}') select * from x",
    "in a with of a view": "create view v as with x as (copy drops to '{to}') select * from x; from v",
    "in a with of a macro": "create macro m() as table with x as (copy drops to '{to}') select * from x; from m()",
    "in a with of a pivot": "with x as (copy drops to '{to}') pivot drops on reason",
    "explained": "explain analyze copy drops to '{to}'",
    "explained with a comment": "explain /* e */ analyze with x as (copy drops to '{to}') select * from x",
    "explained with options": "explain (analyze, format json) copy drops to '{to}'",
    "explained in a query": "from query('with x as (copy drops to ''{to}'') select * from x')",
    "serialized": "from json_execute_serialized_sql('{json}')",
    "serialized and hidden": "from query('from json_execute_' || 'serialized_sql(''{json2}'')')",
    "prepared": "prepare p as copy drops to '{to}'; execute p",
    "export": "export database '{to}'",
    "attach": "attach '{to}' as other; create table other.t as select 1",
    "log": "call enable_logging(storage = 'file', storage_path = '{to}')",
    "log in a query": "from enable_logging(storage = 'file', storage_path = '{to}')",
    "profile": "set profiling_output = '{to}'; pragma enable_profiling",
    "secret": "create persistent secret s (type http, bearer_token 'x')",
    "update of extensions": "update extensions",
}  # fmt: skip


@pytest.mark.parametrize("where", ["a file of the lake", "a new file in the lake", "a new file beside it"])
@pytest.mark.parametrize("sql", WRITES.values(), ids=WRITES.keys())
def test_no_statement_writes_a_file(lake: Lake, catalog: Catalog, tmp_path: Path, sql: str, where: str) -> None:
    [lake_file] = lake.files(DROPS)
    to = {"a file of the lake": lake_file, "a new file in the lake": f"{lake.root}/new.csv"}.get(
        where, f"{tmp_path}/new.csv"
    )
    json = serialize_sql(catalog, f"with x as (copy (select 1) to '{to}') select * from x")
    before = contents_of(tmp_path)
    with pytest.raises(PatchmillError):
        list(catalog.run_user_sql(sql.format(to=to, json=json, json2=json.replace("'", "''"))))
    assert contents_of(tmp_path) == before
    assert catalog.rows("select count(*) as n from drops") == [{"n": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "from '{root}/secret.csv'",
        "from read_text('{root}/secret.csv')",
        "from read_text('{root}/a lake/../secret.csv')",
        "from read_blob('/proc/self/environ')",
        "from glob('{root}/*')",
        "select * from sniff_csv('{root}/secret.csv')",
        "create table t as from read_csv('{root}/secret.csv')",
        "from read_csv('http://127.0.0.1:9/secret.csv')",
        "from read_parquet('s3://bucket/secret.parquet')",
    ],
)
def test_no_other_file_is_read(catalog: Catalog, tmp_path: Path, sql: str) -> None:
    with pytest.raises(PatchmillError) as failure:
        list(catalog.run_user_sql(sql.format(root=tmp_path)))
    assert "xyzzy" not in str(failure.value)


@pytest.mark.parametrize(
    "sql",
    [
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set allowed_directories = ['/']",
        "pragma threads = 1",
        "install httpfs",
        "load httpfs",
        "install 'httpfs' from community",
    ],
)
def test_no_statement_lifts_the_restrictions_or_loads_an_extension(catalog: Catalog, sql: str) -> None:
    def read_settings() -> list[dict[str, object]]:
        return catalog.rows("from duckdb_settings()")

    before = read_settings()
    with pytest.raises(ConfigError, match="expected queries, or tables, views and macros"):
        list(catalog.run_user_sql(sql))
    assert read_settings() == before
    with pytest.raises(LakeError):
        catalog.arrow(sql)  # DuckDB refuses it by itself, too
    assert read_settings() == before


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select row_id from drops order by 1", [[{"row_id": "0"}, {"row_id": "1"}, {"row_id": "2"}]]),
        ("from drops select count(*) as n; select 2 as m;", [[{"n": 3}], [{"m": 2}]]),
        ("create temp table t as select 1 as n; from t; drop table t", [[{"n": 1}]]),
        ("create or replace temp view v as select 4 as n; from v", [[{"n": 4}]]),
        ("create macro twice(x) as 2 * x; select twice(3) as n", [[{"n": 6}]]),
        ("with x as materialized (select 1 as copy) from x", [[{"copy": 1}]]),
        ("pivot drops on reason in ('r') using count(*) group by stage", [[{"stage": "s", "r": 3}]]),
        ("select 'copy x to ''y''' as words", [[{"words": "copy x to 'y'"}]]),
        ("-- only words", []),
        ("", []),
    ],
)
def test_queries_are_answered(catalog: Catalog, sql: str, rows: list[list[dict[str, object]]]) -> None:
    assert [data.to_pylist() for data in catalog.run_user_sql(sql)] == rows


@pytest.mark.parametrize("sql", ["explain select 1", "explain analyze from drops", "describe drops", "summarize drops"])
def test_plans_and_descriptions_are_answered(catalog: Catalog, sql: str) -> None:
    [data] = catalog.run_user_sql(sql)
    assert data.num_rows > 0


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("from attemps", "Table with name attemps does not exist! Did you mean \"attempts\"? (line 1, at 'attemps')"),
        ("select\n  stagee\nfrom drops", 'column "stagee" not found in FROM clause! Candidate bindings: "stage"'),
        ("select nope from drops", "(line 1, at 'nope from drops')"),
        ("selct 1", "syntax error at or near \"selct\" (line 1, at 'selct 1')"),
        ("select 'a", "unterminated string literal"),
        ("from change('a', 'b')", 'Did you mean "changes"'),
        ("select reason + 1 from drops", "No function matches"),
        ("select * from drops where stage = $stage", "Values were not provided"),
        ("select 1 as a, 2 as a", "two columns are called 'a'; name one of them with `as`"),
        ("pivot drops on reason", "pivot ... on NAME in ('a', 'b')"),
    ],
)
def test_wrong_sql_is_one_line_that_suggests_the_right_name(catalog: Catalog, sql: str, message: str) -> None:
    with pytest.raises(ConfigError) as failure:
        list(catalog.run_user_sql(sql))
    assert message in str(failure.value)
    assert "\n" not in str(failure.value) and len(str(failure.value)) < 300


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param(
            "select * from attemps", r"^select \* from attemps: .*Did you mean \"attempts\"", id="no such table"
        ),
        pytest.param("select 1 as a, 2 as a", "^select 1 as a, 2 as a: two columns are called 'a'", id="equal names"),
        pytest.param("select 1; select 2", "^select 1; select 2: expected one statement, got 2", id="two statements"),
        pytest.param("select 1" + " + 1" * 50, None, id="right"),
        pytest.param("select nope" + " + 1" * 50, r"^select nope( \+ 1)+ \+\.\.\.: cannot be run", id="long"),
        pytest.param(load_statement("publish_changes"), r"^storage/sql/publish_changes\.sql: cannot", id="of a file"),
    ],
)
def test_a_fault_in_patchmills_own_sql_is_an_error_of_the_lake_that_names_the_statement(
    catalog: Catalog, sql: str, message: str | None
) -> None:
    if message is None:
        assert catalog.arrow(sql).num_rows == 1
        return
    with pytest.raises(LakeError, match=message):
        catalog.arrow(sql)


@pytest.mark.parametrize("sql", ["select 1; select 2", "create view v as select 1", ""])
def test_where_one_query_is_expected_another_number_is_refused(catalog: Catalog, sql: str) -> None:
    assert catalog.run_user_query("select 1 as n").to_pylist() == [{"n": 1}]
    with pytest.raises(ConfigError, match=r"expected one query, got [02]"):
        catalog.run_user_query(sql)


def test_a_restricted_catalog_still_spills_to_disk(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), memory_limit="60MB"))
    lake.append(DROPS, [row(DROPS)])
    with Catalog(lake) as catalog:
        [data] = catalog.run_user_sql(
            "select count(*) as n from (select distinct hash(i)::varchar || repeat('x', 20) from range(900000) as t(i))"
        )
    assert data.to_pylist() == [{"n": 900_000}]


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("select 1;", True),
        ("select 1; -- enough", True),
        ("select 1;\n\n", True),
        ("select 1", False),
        ("select ';", False),
        ("select ';'", False),
        ("select 1 -- ;", False),
        ("select 1 /* ;", False),
        ('select ";', False),
        ("select $$;", False),
        ("select 'é';", True),
        ("", False),
    ],
)
def test_a_statement_ends_at_a_semicolon_outside_strings_and_comments(text: str, complete: bool) -> None:
    assert is_complete(text) == complete
