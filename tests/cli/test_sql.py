"""`patchmill sql` as a query, a file and a pipe; what it writes where it is asked to."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.main import main
from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT
from storage.history import resolve_as_of
from storage.lake import Lake, LakeSettings
from storage.statements import list_entries
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tests.builders import row

Sql = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two problems, a built data set, and an attempt that came after it. Nobody may write here."""
    lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("the lake") / "lake"), buckets=2))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=p, bucket=b, source="s", source_id=p) for b, p in enumerate("pq")])
    programs = [
        row(ATTEMPTS, attempt_id=f"{p}{n}", problem_id=p, bucket=b, kind="generate", model="m", sample_index=n)
        for b, p in enumerate("pq") for n in range(3)
    ]  # fmt: skip
    lake.append(ATTEMPTS, programs)
    lake.append(EXECUTIONS, [
        row(EXECUTIONS, attempt_id=a["attempt_id"], problem_id=a["problem_id"], bucket=a["bucket"], suite="given",
            verdict="failed" if a["sample_index"] else "passed", flags=["flaky"] if a["sample_index"] == 2 else [])
        for a in programs
    ])  # fmt: skip
    example = row(DEBUGGING_SFT, example_id="e", problem_id="p", form="generate")
    lake.replace(DEBUGGING_SFT, pa.Table.from_pylist([example], DEBUGGING_SFT.schema), None, lake.versions())
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id="late", problem_id="p", kind="generate", model="m")])
    return lake


@pytest.fixture
def sql(lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sql:
    """Run the command in this process; `stdin` is what is piped to it. Exit code, stdout, stderr."""

    def run(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["patchmill", "sql", "--lake", lake.root, *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


VERDICTS = "select verdict, count(*) as n from verdicts group by verdict order by n desc"
COUNTED = [{"verdict": "failed", "n": 4}, {"verdict": "passed", "n": 2}]


def test_a_query_a_file_and_a_pipe_are_answered_alike(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(f"-- what became of them\n{VERDICTS};\n")
    for arguments, stdin in ([VERDICTS], ""), (["--file", tmp_path / "q.sql"], ""), ([], VERDICTS):
        code, out, err = sql("--json", *arguments, stdin=stdin)
        assert (code, json.loads(out), err) == (0, COUNTED, "")


def test_each_statement_of_a_file_is_shown_and_machines_get_the_last(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("create temp table t as select 7 as seven; from t; select 8 as eight;")
    code, out, _ = sql("--file", tmp_path / "q.sql")
    assert code == 0 and out.index("seven") < out.index("eight")
    assert json.loads(sql("--file", tmp_path / "q.sql", "--json")[1]) == [{"eight": 8}]


def test_rows_leave_as_json_csv_or_files_with_the_same_values(sql: Sql, tmp_path: Path) -> None:
    query = (
        "select attempt_id, flags, sum(1) over () as n, null as nothing, verdict = 'passed' as ok, 'a,\"b\nc' as odd "
        "from verdicts order by attempt_id desc limit 2"
    )
    odd = 'a,"b\nc'
    rows: list[dict[str, Any]] = [
        {"attempt_id": "q2", "flags": ["flaky"], "n": 6, "nothing": None, "ok": False, "odd": odd},
        {"attempt_id": "q1", "flags": [], "n": 6, "nothing": None, "ok": False, "odd": odd},
    ]
    texts = [{**line, "flags": json.dumps(line["flags"]), "n": "6", "nothing": "", "ok": "false"} for line in rows]
    assert json.loads(sql(query, "--json")[1]) == rows
    assert list(csv.DictReader(io.StringIO(sql(query, "--csv")[1]))) == texts
    for name in ("x.json", "x.csv", "x.parquet"):
        code, out, err = sql(query, "--out", tmp_path / name)
        assert (code, out) == (0, "") and "2 rows" in err
    assert json.loads((tmp_path / "x.json").read_text()) == rows
    assert list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text()))) == texts
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.json", "x.parquet"]


def test_many_rows_are_cut_on_a_terminal_and_never_for_machines(sql: Sql) -> None:
    _, out, err = sql("from range(1234)")
    assert "999" in out and "1000" not in out and "234 rows more" in err
    assert len(json.loads(sql("from range(1234)", "--json")[1])) == 1234


def test_a_plan_is_shown_whole(sql: Sql) -> None:
    _, out, _ = sql(f"explain {VERDICTS}")
    assert "Window" in out and "…" not in out


def test_as_of_shows_the_lake_that_a_data_set_was_built_from(sql: Sql) -> None:
    count = "select count(*) as n from attempts"
    assert json.loads(sql(count, "--json")[1]) == [{"n": 7}]
    assert json.loads(sql(count, "--json", "--as-of", "debugging_sft")[1]) == [{"n": 6}]
    code, _, err = sql(count, "--as-of", "1999-12-31")
    assert code == 2 and "the lake's first commit" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["select 1", "--file", "q.sql"], "expected a query or a file", id="two queries"),
        pytest.param(["--file", "/no/q.sql"], "/no/q.sql: cannot be read", id="no file"),
        pytest.param([""], "expected a query, got no statement that brings rows", id="nothing asked"),
        pytest.param(["select 1", "--csv"], "expected at most one of --json, --csv and --out", id="two forms"),
        pytest.param(["select 1", "--out", "x.xlsx"], "x.xlsx: expected a name that ends in .parquet", id="form"),
        pytest.param(["select 1", "--export-views", "x.sql"], "--export-views takes no query", id="export and query"),
        pytest.param(["from attemps"], 'Did you mean "attempts"? (line 1', id="misspelt table"),
        pytest.param(["select verdct from verdicts"], 'Candidate bindings: "verdict"', id="misspelt column"),
        pytest.param(["copy attempts to 'x.csv'"], "copy attempts ...: expected queries", id="copy"),
        pytest.param(["with x as (copy attempts to 'x.csv') from x"], "--out FILE writes a file", id="hidden copy"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = sql("--json", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("patchmill: ") and err.count("\n") == 1 and says in err
    assert list(tmp_path.iterdir()) == []


BARE = """
import duckdb, json, sys
db = duckdb.connect()
db.execute("set autoinstall_known_extensions = false; set autoload_known_extensions = false")
db.execute(open(sys.argv[1]).read())
assert "storage" not in sys.modules
print(json.dumps({query: db.sql(query).to_arrow_table().to_pylist() for query in sys.argv[2:]}, default=str))
"""


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.mark.parametrize("when", [[], ["--as-of", "debugging_sft"]], ids=["now", "as a data set was built"])
def test_any_duckdb_client_opens_the_exported_views_and_sees_the_same(
    sql: Sql, lake: Lake, tmp_path: Path, when: list[str]
) -> None:
    script = tmp_path / "views.sql"
    code, out, err = sql("--export-views", script, *when)
    assert (code, out) == (0, "") and "views.sql" in err
    queries = [f"from {entry.name}" for entry in list_entries() if entry.kind == "view"]
    queries += [
        "from pass_at_k(2)",
        "from changes('', 'x')",
        "from verdict_changes(0)",
        "select chance_of_k(5, 2, 3) as c",
    ]
    bare = subprocess.run(
        [sys.executable, "-I", "-c", BARE, str(script), *queries],
        capture_output=True, text=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert bare.returncode == 0, bare.stderr
    found = json.loads(bare.stdout)
    with Catalog(lake, resolve_as_of(lake, when[1]) if when else None) as catalog:
        for query in queries:
            expected = json.loads(json.dumps(catalog.rows(query), default=str))
            assert in_order(found[query]) == in_order(expected), query  # a view without `order by` has none
    assert len(found["from attempts"]) == (6 if when else 7) and found["from pass_at_k"]


def test_an_exported_script_tells_what_rows_are_and_can_be_run_twice(sql: Sql, tmp_path: Path) -> None:
    script = tmp_path / "views.sql"
    sql("--export-views", script)
    code = (
        "import duckdb, sys; db = duckdb.connect('kept.duckdb'); text = open(sys.argv[1]).read();"
        "db.execute(text); db.execute(text); db.close(); db = duckdb.connect('kept.duckdb', read_only=True);"
        'print(db.sql("select count(*) from duckdb_views() where not internal and comment is not null").fetchall(),'
        "db.sql('select count(*) from lineage').fetchall())"
    )
    bare = subprocess.run([sys.executable, "-I", "-c", code, script], capture_output=True, text=True, cwd=tmp_path)
    views = sum(entry.kind == "view" for entry in list_entries())
    assert (bare.stdout, bare.stderr) == (f"[({views},)] [(0,)]\n", "")
