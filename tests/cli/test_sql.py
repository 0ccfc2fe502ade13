"""`patchmill sql` with a query, a file or a pipe, and the formats of its answers."""

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

from storage.catalog import Catalog
from storage.dataset_tables import DEBUGGING_SFT
from storage.history import resolve_as_of
from storage.lake import Lake, LakeSettings
from storage.statements import list_entries
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tests.builders import row
from tests.cli.conftest import RunCommand


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two problems, a built dataset, and an attempt that is newer than it. Tests only read it."""
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
def sql(lake: Lake, run_command: RunCommand) -> RunCommand:
    """Run `patchmill sql` over the lake."""
    return lambda *arguments: run_command("sql", "--lake", lake.root, *arguments)


VERDICTS = "select verdict, count(*) as n from verdicts group by verdict order by n desc"
COUNTS = [{"verdict": "failed", "n": 4}, {"verdict": "passed", "n": 2}]


def test_a_query_a_file_and_a_pipe_get_the_same_answer(
    lake: Lake, sql: RunCommand, patchmill: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "q.sql").write_text(f"-- verdicts of all programs\n{VERDICTS};\n")
    for arguments in ([VERDICTS], ["--file", tmp_path / "q.sql"]):
        result = sql("--json", *arguments)
        assert (result.exit_code, json.loads(result.stdout), result.stderr) == (0, COUNTS, "")
    piped = patchmill("sql", "--lake", lake.root, "--json", input=VERDICTS)
    assert (piped.returncode, json.loads(piped.stdout), piped.stderr) == (0, COUNTS, "")


def test_each_statement_of_a_file_is_shown_and_machines_get_the_last(sql: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("create temp table t as select 7 as seven; from t; select 8 as eight;")
    result = sql("--file", tmp_path / "q.sql")
    assert result.exit_code == 0 and result.stdout.index("seven") < result.stdout.index("eight")
    assert json.loads(sql("--file", tmp_path / "q.sql", "--json").stdout) == [{"eight": 8}]


def test_rows_leave_as_json_csv_or_files_with_the_same_values(sql: RunCommand, tmp_path: Path) -> None:
    query = (
        "select attempt_id, flags, sum(1) over () as n, null as nothing, verdict = 'passed' as ok, 'a,\"b\nc' as odd "
        "from verdicts order by attempt_id desc limit 2"
    )
    odd = 'a,"b\nc'
    rows: list[dict[str, object]] = [
        {"attempt_id": "q2", "flags": ["flaky"], "n": 6, "nothing": None, "ok": False, "odd": odd},
        {"attempt_id": "q1", "flags": [], "n": 6, "nothing": None, "ok": False, "odd": odd},
    ]
    texts = [{**row, "flags": json.dumps(row["flags"]), "n": "6", "nothing": "", "ok": "false"} for row in rows]
    assert json.loads(sql(query, "--json").stdout) == rows
    assert list(csv.DictReader(io.StringIO(sql(query, "--csv").stdout))) == texts
    for name in ("x.json", "x.csv", "x.parquet"):
        result = sql(query, "--out", tmp_path / name)
        assert (result.exit_code, result.stdout) == (0, "") and "2 rows" in result.stderr
    assert json.loads((tmp_path / "x.json").read_text()) == rows
    assert list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text()))) == texts
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.json", "x.parquet"]


def test_many_rows_are_cut_in_tables_and_never_for_machines(sql: RunCommand) -> None:
    result = sql("from range(1234)")
    assert "999" in result.stdout and "1000" not in result.stdout and "234 more rows" in result.stderr
    assert len(json.loads(sql("from range(1234)", "--json").stdout)) == 1234


def test_a_plan_is_shown_whole(sql: RunCommand) -> None:
    output = sql(f"explain {VERDICTS}").stdout
    assert "Window" in output and "…" not in output


def test_as_of_shows_the_lake_that_a_dataset_was_built_from(sql: RunCommand) -> None:
    count = "select count(*) as n from attempts"
    assert json.loads(sql(count, "--json").stdout) == [{"n": 7}]
    assert json.loads(sql(count, "--json", "--as-of", "debugging_sft").stdout) == [{"n": 6}]
    result = sql(count, "--as-of", "1999-12-31")
    assert result.exit_code == 2 and "the lake's first commit" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        pytest.param(["select 1", "--file", "q.sql"], "expected a query or a file", id="two queries"),
        pytest.param(["--file", "/no/q.sql"], "/no/q.sql: cannot be read", id="no file"),
        pytest.param([""], "expected a query, got no statement that returns rows", id="empty query"),
        pytest.param(["select 1", "--csv"], "expected at most one of --json, --csv and --out", id="two formats"),
        pytest.param(["select 1", "--out", "x.xlsx"], "x.xlsx: expected a name that ends in .parquet", id="format"),
        pytest.param(["select 1", "--export-views", "x.sql"], "--export-views takes no query", id="export and query"),
        pytest.param(["from attemps"], 'Did you mean "attempts"? (line 1', id="misspelt table"),
        pytest.param(["select verdct from verdicts"], 'Candidate bindings: "verdict"', id="misspelt column"),
        pytest.param(["copy attempts to 'x.csv'"], "copy attempts ...: expected queries", id="copy"),
        pytest.param(["with x as (copy attempts to 'x.csv') from x"], "--out FILE writes a file", id="hidden copy"),
    ],
)
def test_a_wrong_query_is_one_line_and_nothing_is_written(
    sql: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], fragment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = sql("--json", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("patchmill: ") and result.stderr.count("\n") == 1 and fragment in result.stderr
    assert list(tmp_path.iterdir()) == []


CLIENT = """
import duckdb, json, sys
db = duckdb.connect()
db.execute("set autoinstall_known_extensions = false; set autoload_known_extensions = false")
db.execute(open(sys.argv[1]).read())
assert "storage" not in sys.modules
print(json.dumps({query: db.sql(query).to_arrow_table().to_pylist() for query in sys.argv[2:]}, default=str))
"""


def sort_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.mark.parametrize("when", [[], ["--as-of", "debugging_sft"]], ids=["now", "as a dataset was built"])
def test_any_duckdb_client_opens_the_exported_views_and_sees_the_same(
    sql: RunCommand, lake: Lake, tmp_path: Path, when: list[str]
) -> None:
    script = tmp_path / "views.sql"
    result = sql("--export-views", script, *when)
    assert (result.exit_code, result.stdout) == (0, "") and "views.sql" in result.stderr
    queries = [f"from {entry.name}" for entry in list_entries() if entry.kind == "view"]
    queries += [
        "from pass_at_k(2)",
        "from changes('', 'x')",
        "from verdict_changes(0)",
        "select chance_of_k(5, 2, 3) as c",
    ]
    client = subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, str(script), *queries],
        capture_output=True, text=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert client.returncode == 0, client.stderr
    answers = json.loads(client.stdout)
    with Catalog(lake, resolve_as_of(lake, when[1]) if when else None) as catalog:
        for query in queries:
            expected = json.loads(json.dumps(catalog.rows(query), default=str))
            assert sort_rows(answers[query]) == sort_rows(expected), query  # views without `order by` have no order
    assert len(answers["from attempts"]) == (6 if when else 7) and answers["from pass_at_k"]


def test_an_exported_script_describes_its_views_and_runs_twice(sql: RunCommand, tmp_path: Path) -> None:
    script = tmp_path / "views.sql"
    sql("--export-views", script)
    code = (
        "import duckdb, sys; db = duckdb.connect('kept.duckdb'); text = open(sys.argv[1]).read();"
        "db.execute(text); db.execute(text); db.close(); db = duckdb.connect('kept.duckdb', read_only=True);"
        'print(db.sql("select count(*) from duckdb_views() where not internal and comment is not null").fetchall(),'
        "db.sql('select count(*) from lineage').fetchall())"
    )
    client = subprocess.run([sys.executable, "-I", "-c", code, script], capture_output=True, text=True, cwd=tmp_path)
    views = sum(entry.kind == "view" for entry in list_entries())
    assert (client.stdout, client.stderr) == (f"[({views},)] [(0,)]\n", "")
