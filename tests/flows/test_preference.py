"""The preference line writes tests, matrix, scores and pairs, and repeats no work."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.config import RefreshConfig
from flows.refresh import refresh
from storage.catalog import Catalog
from storage.lake import Lake
from tasks.ingest.settings import JsonlSource
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")
Build = Callable[..., RefreshConfig]


@pytest.fixture
def preference(config: Build) -> Build:
    """Return a builder of configs with the preference datasets alone, and one answer with tests per problem."""
    return lambda *problems, **values: config(
        *problems, products=["preference"], **{"write_tests__samples": 1, **values}
    )


def query(config: RefreshConfig, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query on the config's lake."""
    with Catalog(Lake(config.lake)) as catalog:
        return catalog.rows(sql)


def count_rows(config: RefreshConfig, table: str) -> int:
    """Return the number of rows of a table."""
    return int(query(config, f"select count(*) as n from {table}")[0]["n"])


def test_a_run_writes_tests_matrix_scores_and_pairs(preference: Build, writer: ScriptedServer) -> None:
    report = refresh(preference())
    assert writer.asked == {"generate": 6, "write_tests": 2}
    # three asserts count per problem, one of them wrong, so that no program passes it
    assert report.funnel == {
        "problems": 2, "attempts": 6, "without_code": 0, "right_at_once": 2, "wrong": 4, "wrong_distinct": 4,
        "infra": 0, "unjudged": 0, "refused": 0, "failed": 0, "test_answers": 2, "tests_found": 6,
        "tests_kept": 6, "constant_tests": 2, "programs_scored": 6, "told_apart": 2, "programs_timed": 0,
    }  # fmt: skip
    assert report.examples == {"preference_correctness": 2, "preference_efficiency": 0, "preference_kto": 6}
    reasons = query(preference(), "select no_test_reason, count(*) as n from tests group by all order by all")
    assert reasons == [
        {"no_test_reason": reason, "n": n} for reason, n in (("duplicate", 2), ("no_call", 2), (None, 6))
    ]
    pairs = query(preference(), "select * from preference_correctness")
    assert all(pair["chosen_passes"] and not pair["rejected_passes"] for pair in pairs)
    assert [len(pair["verdicts"]) for pair in pairs] == [3, 3]


def test_every_program_is_run_on_every_test_once(preference: Build) -> None:
    refresh(preference())
    cells = query(preference(), "select attempt_id, unnest(tests).test as t from executions where suite = 'generated'")
    assert len(cells) == len({tuple(cell.values()) for cell in cells}) == 6 * 3


def test_a_second_run_writes_no_row_and_sends_no_request(preference: Build, writer: ScriptedServer) -> None:
    refresh(preference())
    versions, asked = Lake(preference().lake).versions(), dict(writer.asked)
    refresh(preference())
    assert Lake(preference().lake).versions() == versions and writer.asked == asked


def test_more_tests_run_only_the_added_cells(preference: Build, writer: ScriptedServer) -> None:
    refresh(preference(write_tests__tests=2))
    before = count_rows(preference(), "executions")
    asked = dict(writer.asked)
    refresh(preference(write_tests__tests=3))
    added = query(preference(), "select total_tests from executions where suite = 'generated' and total_tests <> 2")
    assert [row["total_tests"] for row in added] == [1] * 6
    assert count_rows(preference(), "executions") == before + 6 and writer.asked == asked
    assert query(preference(), "select distinct tests from rankings") == [{"tests": 3}]


def test_more_programs_run_only_the_added_cells_and_all_are_scored_again(
    preference: Build, writer: ScriptedServer
) -> None:
    refresh(preference())
    before = count_rows(preference(), "executions")
    refresh(preference(generate__samples=4))
    assert writer.asked == {"generate": 8, "write_tests": 2}
    assert count_rows(preference(), "executions") == before + 2 * 2
    assert query(preference(), "select distinct programs from rankings") == [{"programs": 4}]
    assert count_rows(preference(), "(select distinct matrix_id from scores)") == 2


def test_other_settings_of_a_scorer_score_again_and_run_no_program(preference: Build) -> None:
    refresh(preference())
    before = count_rows(preference(), "executions")
    first = query(preference(), "select distinct matrix_id from rankings order by all")
    refresh(preference(score__rounds=3))
    assert count_rows(preference(), "executions") == before
    assert query(preference(), "select distinct matrix_id from rankings order by all") != first
    assert {len(r["change"]) for r in query(preference(), "select change from rankings where len(change) > 0")} == {3}


def test_one_run_writes_both_products(config: Build, writer: ScriptedServer) -> None:
    report = refresh(config(products=["debugging", "preference"], write_tests__samples=1))
    assert writer.asked == {"generate": 6, "write_tests": 2, "diagnose": 4, "repair": 8}
    assert report.examples["repair"] == 4 and report.examples["preference_correctness"] == 2
    assert report.funnel["verified_repairs"] == 4 and report.funnel["programs_scored"] == 6


def test_a_problem_without_a_function_to_call_is_dropped_with_its_reason(preference: Build, tmp_path: Path) -> None:
    refresh_config = preference("add")
    [source] = refresh_config.sources
    assert isinstance(source, JsonlSource)
    path = Path(source.path)
    stdio = {
        "source": "scripted", "source_id": "stdio", "entry_point": None, "prompt": "Write a function add(a, b).",
        "tests": {"kind": "stdio", "cases": [{"input": "1 2", "output": "3"}]}, "licence": "Apache-2.0",
    }  # fmt: skip
    path.write_text(path.read_text() + json.dumps(stdio) + "\n")
    for _ in range(2):
        refresh(refresh_config)
        drops = query(
            refresh_config, "select reason, count(*) as n from drops where stage = 'write_tests' group by all"
        )
        assert drops == [{"reason": "no_entry_point", "n": 1}]


def test_rows_in_another_order_give_the_same_scores(preference: Build, writer: ScriptedServer, tmp_path: Path) -> None:
    refresh(preference("add", "last", "shout"))
    first = query(preference(), "select attempt_id, scorer, value, matrix_id from scores order by all")
    writer.forget()
    again = tmp_path / "again"
    refresh(preference("shout", "add", "last", lake__path=str(again), lake__buckets=3, lake__commit_rows=1))
    second = preference(lake__path=str(again))
    assert query(second, "select attempt_id, scorer, value, matrix_id from scores order by all") == first
