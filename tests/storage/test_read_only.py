"""SQL of people: it reads the lake, and neither writes a file nor reads another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.catalog import Catalog
from storage.errors import ConfigError, PatchmillError
from storage.lake import Lake, LakeSettings
from storage.read_only import ends
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


def tree(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def serialized(catalog: Catalog, sql: str) -> str:
    """A statement as DuckDB's JSON, quoted for a place in another one."""
    return catalog.rows("select json_serialize_sql($text) as j", text=sql)[0]["j"].replace("'", "''")


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
    [held] = lake.files(DROPS)
    to = {"a file of the lake": held, "a new file in the lake": f"{lake.root}/new.csv"}.get(
        where, f"{tmp_path}/new.csv"
    )
    json = serialized(catalog, f"with x as (copy (select 1) to '{to}') select * from x")
    before = tree(tmp_path)
    with pytest.raises(PatchmillError):
        list(catalog.answers(sql.format(to=to, json=json, json2=json.replace("'", "''"))))
    assert tree(tmp_path) == before
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
    with pytest.raises(PatchmillError) as refused:
        list(catalog.answers(sql.format(root=tmp_path)))
    assert "xyzzy" not in str(refused.value)


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
def test_nothing_unlocks_it_or_brings_an_extension(catalog: Catalog, sql: str) -> None:
    def configured() -> list:
        return catalog.rows("from duckdb_settings()")

    before = configured()
    with pytest.raises(ConfigError, match="only queries may be asked here"):
        list(catalog.answers(sql))
    assert configured() == before
    with pytest.raises(PatchmillError):
        catalog.arrow(sql)  # nor does DuckDB when it is tried
    assert configured() == before


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
def test_questions_are_answered(catalog: Catalog, sql: str, rows: list) -> None:
    assert [data.to_pylist() for data in catalog.answers(sql)] == rows


@pytest.mark.parametrize("sql", ["explain select 1", "explain analyze from drops", "describe drops", "summarize drops"])
def test_plans_and_descriptions_are_answered(catalog: Catalog, sql: str) -> None:
    [data] = catalog.answers(sql)
    assert data.num_rows > 0


@pytest.mark.parametrize(
    ("sql", "says"),
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
def test_wrong_sql_is_one_line_that_names_what_was_meant(catalog: Catalog, sql: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        list(catalog.answers(sql))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 300


def test_one_statement_is_run_where_one_is_expected(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="expected one statement, got 2"):
        catalog.arrow("select 1; select 2")


def test_a_locked_catalog_still_spills_to_disk(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), memory_limit="60MB"))
    lake.append(DROPS, [row(DROPS)])
    with Catalog(lake) as catalog:
        [data] = catalog.answers(
            "select count(*) as n from (select distinct hash(i)::varchar || repeat('x', 20) from range(900000) as t(i))"
        )
    assert data.to_pylist() == [{"n": 900_000}]


@pytest.mark.parametrize(
    ("text", "done"),
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
def test_a_statement_ends_at_a_semicolon_outside_strings_and_comments(text: str, done: bool) -> None:
    assert ends(text) == done
