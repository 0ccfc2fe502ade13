"""Views and macros compute the rates, counts and changes that their descriptions promise."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.catalog import Catalog
from storage.dataset_tables import PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY
from storage.lake import Lake, LakeSettings
from storage.statements import list_entries
from storage.tables import ATTEMPTS, DIAGNOSES, DROPS, EXECUTIONS, IDEAS, PROBLEMS, TESTS
from tests.builders import row


def lake_of_verdicts(tmp_path: Path, *verdicts: dict[str, Any]) -> Lake:
    """Return a lake of one problem, with an execution per verdict."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p", source="s", source_id="1")])
    names = dict.fromkeys(verdict["attempt_id"] for verdict in verdicts)
    common = {"problem_id": "p", "kind": "generate", "model": "m", "template": "chat@1"}
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=name, **common) for name in names])
    lake.append(EXECUTIONS, [row(EXECUTIONS, problem_id="p", suite="given", suite_id="t", **v) for v in verdicts])
    return lake


def test_hack_rate_counts_tampered_and_flaky_programs_per_model_prompt_and_run(tmp_path: Path) -> None:
    evidence = '{"tampered": "a reply that is no value"}'
    lake = lake_of_verdicts(
        tmp_path,
        {"attempt_id": "a", "verdict": "passed", "run_id": "r1"},
        {"attempt_id": "b", "verdict": "failed", "run_id": "r1", "flags": ["tampered"], "evidence": evidence},
        {"attempt_id": "c", "verdict": "failed", "run_id": "r1", "flags": ["flaky"]},
        {"attempt_id": "d", "verdict": "passed", "run_id": "r1"},
        {"attempt_id": "e", "verdict": "infra", "run_id": "r1"},
        {"attempt_id": "f", "verdict": "passed", "run_id": "r2"},
    )
    with Catalog(lake) as catalog:
        rows = catalog.rows(
            "select run_id, model, template, judged, tampered, flaky, hack_rate, flaky_rate, seen "
            "from hack_rate order by run_id"
        )
    assert rows == [
        {
            "run_id": "r1", "model": "m", "template": "chat@1", "judged": 4, "tampered": 1, "flaky": 1,
            "hack_rate": 0.25, "flaky_rate": 0.25, "seen": "a reply that is no value",
        },
        {
            "run_id": "r2", "model": "m", "template": "chat@1", "judged": 1, "tampered": 0, "flaky": 0,
            "hack_rate": 0.0, "flaky_rate": 0.0, "seen": None,
        },
    ]  # fmt: skip


def test_verdict_changes_compare_with_the_newest_judge(tmp_path: Path) -> None:
    verdicts = [
        {"attempt_id": name, "verdict": verdict, "judge_version": version}
        for name, history in {"a": ["passed", "failed", "passed"], "b": ["passed", "passed", "failed"]}.items()
        for version, verdict in enumerate(history, 1)
    ]
    with Catalog(lake_of_verdicts(tmp_path, *verdicts)) as catalog:
        changes = {
            since: [
                (c["attempt_id"], c["old_verdict"], c["new_verdict"])
                for c in catalog.rows("select * from verdict_changes($since) order by attempt_id", since=since)
            ]
            for since in (1, 2, 3)
        }
    assert changes == {
        1: [("b", "passed", "failed")],
        2: [("a", "failed", "passed"), ("b", "passed", "failed")],
        3: [],
    }


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("empty") / "lake")))
    assert lake.buckets
    with Catalog(lake) as catalog:
        yield catalog


def test_every_view_and_macro_has_a_description(empty: Catalog) -> None:
    empty.create_all_views()
    created = empty.rows(
        "select view_name as name from duckdb_views() where not internal "
        "union select function_name from duckdb_functions() where not internal"
    )
    assert {entry.name for entry in list_entries()} == {view["name"] for view in created}
    assert all(len(entry.description.split()) >= 3 for entry in list_entries())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_chance_of_k_equals_the_formula_with_binomials(empty: Catalog, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 400))
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    [answer] = empty.rows("select chance_of_k($n::bigint, $c::bigint, $k::bigint) as chance", n=n, c=c, k=k)
    assert answer["chance"] == pytest.approx(float(1 - Fraction(comb(n - c, k), comb(n, k))), abs=1e-12)


def lake_of_first_attempts(tmp_path: Path, programs: dict[str, list[str]]) -> Lake:
    """Return a lake with a first attempt per verdict, by problem; `tampered` and `flaky` are flags of a pass."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=p, source="s", source_id=p, reference="ref") for p in programs])
    attempts = [(f"{p}{i}", p, verdict) for p, verdicts in programs.items() for i, verdict in enumerate(verdicts)]
    recipe = {"kind": "generate", "model": "m", "template": "chat@1", "recipe_id": "r"}
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=a, problem_id=p, **recipe) for a, p, _ in attempts])
    flags = ("tampered", "flaky")
    executions = [
        {"attempt_id": a, "problem_id": p, "verdict": "passed" if v in flags else v, "flags": [v] if v in flags else []}
        for a, p, v in attempts
    ]
    lake.append(EXECUTIONS, [row(EXECUTIONS, suite="given", suite_id="t", **e) for e in executions])
    return lake


def test_pass_at_k_is_the_mean_over_problems_that_have_k_judged_programs(tmp_path: Path) -> None:
    lake = lake_of_first_attempts(
        tmp_path,
        {
            "a": ["passed", "failed", "error", "no_code", "failed"],  # 1 of 5
            "b": ["passed", "passed", "tampered", "flaky", "timeout", "infra"],  # 2 of 5: a flaky program is not right
            "c": ["passed"] * 4 + ["infra"],  # 4 judged
            "d": ["passed"] * 5,  # its reference fails
        },
    )
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id="ref", problem_id="d", kind="reference", code="ref")])
    lake.append(EXECUTIONS, [
        row(EXECUTIONS, attempt_id="ref", problem_id="d", suite="given", suite_id="t", verdict="failed")
    ])  # fmt: skip
    with Catalog(lake) as catalog:
        view = catalog.rows("select source, model, template, recipe_id, k, problems, too_few, pass_at_k from pass_at_k")
        at_2 = catalog.rows("select k, problems, too_few, pass_at_k from pass_at_k(2)")
        at_9 = catalog.rows("select problems, too_few, pass_at_k from pass_at_k(9)")
    group = {"source": "s", "model": "m", "template": "chat@1", "recipe_id": "r"}
    assert view == [
        {**group, "k": 1, "problems": 3, "too_few": 0, "pass_at_k": round((1 / 5 + 2 / 5 + 1) / 3, 4)},
        {**group, "k": 5, "problems": 2, "too_few": 1, "pass_at_k": 1.0},
    ]
    assert at_2 == [{"k": 2, "problems": 3, "too_few": 0, "pass_at_k": round((0.4 + 0.7 + 1) / 3, 4)}]
    assert at_9 == [{"problems": 0, "too_few": 3, "pass_at_k": None}]


def test_changes_list_verdicts_of_the_later_run_that_differ_or_are_its_first(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=p, source="s", source_id=p) for p in "pqr"])
    programs = {"same": "p", "other": "p", "flaky": "p", "between": "p", "late": "p", "fresh": "q"}
    lake.append(ATTEMPTS, [row(ATTEMPTS, attempt_id=a, problem_id=p, kind="generate") for a, p in programs.items()])

    def run(name: str, hour: int, judge: int, **verdicts: str) -> None:
        flags = {"flaky": ["flaky"]}
        lake.append(EXECUTIONS, [
            row(EXECUTIONS, attempt_id=a, problem_id=programs[a], suite="given", suite_id="t", judge_version=judge,
                verdict="passed" if v == "flaky" else v, flags=flags.get(v, []), run_id=name,
                created_at=datetime(2026, 1, 1, hour, tzinfo=UTC))
            for a, v in verdicts.items()
        ])  # fmt: skip

    run("one", 1, 1, same="passed", other="passed", flaky="passed")
    run("two", 2, 1, between="failed")
    run("three", 3, 2, same="passed", other="failed", flaky="flaky", between="failed", late="passed", fresh="error")
    with Catalog(lake) as catalog:
        changes = catalog.rows(
            "select attempt_id, change, verdict_a, verdict_b, judge_a, judge_b from changes('one', 'three')"
        )
        no_changes = catalog.rows("from changes('one', 'no such run')")
        [answer] = catalog.rows("select count(*) as n from changes((select 'two'), (select 'three'))")
    assert [tuple(change.values()) for change in changes] == [
        ("late", "new_attempt", None, "passed", None, 2),
        ("fresh", "new_problem", None, "error", None, 2),
        ("flaky", "verdict", "passed", "passed", 1, 2),
        ("other", "verdict", "passed", "failed", 1, 2),
    ]
    assert no_changes == []
    assert answer == {"n": 2}, "against run two: only programs that no run had judged before"


def test_models_count_each_answer_once_with_the_share_of_unusable_ones(tmp_path: Path) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    common = {"model": "m", "problem_id": "p", "finish_reason": "stop"}
    lake.append(ATTEMPTS, [
        row(ATTEMPTS, attempt_id="a", kind="generate", recipe_id="g", code="x", prompt_tokens=10, completion_tokens=20,
            **common),
        row(ATTEMPTS, attempt_id="b", kind="generate", recipe_id="g", completion_tokens=40,
            **{**common, "finish_reason": "length"}),
        row(ATTEMPTS, attempt_id="c", kind="reference", code="x", **common),
    ])  # fmt: skip
    lake.append(
        DIAGNOSES, [row(DIAGNOSES, diagnosis_id="d", recipe_id="x", completion_tokens=7, explanation="e", **common)]
    )
    lake.append(TESTS, [  # two answers: one of three rows, and one of a row with the reason why it holds no test
        row(TESTS, test_id="t0", recipe_id="t", completion_tokens=30, test="assert f()", **common),
        row(TESTS, test_id="t1", recipe_id="t", position=1, test="assert g()", **common),
        row(TESTS, test_id="t2", recipe_id="t", position=2, no_test_reason="no assert", **common),
        row(TESTS, test_id="t3", recipe_id="t", sample_index=1, completion_tokens=10, no_test_reason="none", **common),
    ])  # fmt: skip
    lake.append(IDEAS, [row(IDEAS, idea_id="i", recipe_id="i", step="concepts", text="loops", model="m")])
    with Catalog(lake) as catalog:
        rows = catalog.rows("select stage, answers, prompt_tokens, completion_tokens, unusable, cut_off from models")
    assert [tuple(line.values()) for line in rows] == [
        ("diagnose", 1, 0, 7, 0.0, 0.0),
        ("generate", 2, 10, 60, 0.5, 0.5),
        ("mine concepts", 1, 0, 0, 0.0, 0.0),
        ("write_tests", 2, 0, 40, 0.5, 0.0),
    ]


def test_drops_pairs_and_infrastructure_errors_are_counted_by_group(tmp_path: Path) -> None:
    lake = lake_of_first_attempts(tmp_path, {"a": ["passed", "infra", "failed", "failed"]})
    lake.append(DROPS, [
        row(DROPS, stage="ingest", row_id=str(n), problem_id=p, reason=reason, detail=detail)
        for n, (p, reason, detail) in enumerate(
            [("a", "bad", "x"), ("a", "bad", "y"), ("b", "bad", "y"), (None, "odd", "")]
        )
    ])  # fmt: skip
    pair = {"scorer": "self_validation@1", "model": "m"}
    lake.append(PREFERENCE_CORRECTNESS, [
        row(PREFERENCE_CORRECTNESS, example_id=f"{n}", problem_id=p, gap=g, chosen_passes=c, rejected_passes=r, **pair)
        for n, (p, g, c, r) in enumerate([("a", 0.2, True, False), ("a", 0.4, False, False), ("b", 0.9, None, None)])
    ])  # fmt: skip
    lake.append(PREFERENCE_EFFICIENCY, [row(PREFERENCE_EFFICIENCY, example_id="e", problem_id="a", ratio=2.5, **pair)])
    with Catalog(lake) as catalog:
        drops, pairs, infra = (
            [tuple(row.values()) for row in catalog.rows(sql)]
            for sql in (
                "from drops_by_reason",
                "select * exclude (scorer, model) from pairs_by_scorer",
                "select run_id, judged, infra, infra_rate from infra_rate",
            )
        )
    assert drops == [("ingest", "bad", 3, 2, 0.75, "0", "y"), ("ingest", "odd", 1, 0, 0.25, "3", "")]
    assert pairs == [
        ("preference_correctness", 3, 2, 0.4, 2, 0.5, 1.0, None),
        ("preference_efficiency", 1, 1, 0.0, 0, None, None, 2.5),
    ]
    assert infra == [("", 4, 1, 0.25)]


def test_a_catalog_opens_a_million_attempts_as_fast_as_none(tmp_path: Path) -> None:
    """Opening reads the log and one file of a table, never its rows."""
    lake, rows = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=4)), 1_000_000
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id=f"p{n}", bucket=n % 4, source="s") for n in range(1000)])
    numbers = np.arange(rows)
    problem = pa.array(np.char.add("p", (numbers % 1000).astype(str)))
    ids = pa.array(numbers.astype(str))
    for table, columns in (
        (ATTEMPTS, {"attempt_id": ids, "kind": "generate", "model": "m", "recipe_id": "r"}),
        (EXECUTIONS, {"attempt_id": ids, "suite": "given", "verdict": np.where(numbers % 7, "failed", "passed")}),
    ):
        values = {**row(table), **columns, "problem_id": problem, "bucket": pa.array(numbers % 4, pa.int32())}
        lake.replace(table, pa.table(
            {field.name: value if isinstance(value := values[field.name], pa.Array | np.ndarray)
             else pa.repeat(pa.scalar(value, field.type), rows) for field in table.schema}, schema=table.schema,
        ))  # fmt: skip
    start = time.perf_counter()
    catalog = Catalog(lake)
    open_s = time.perf_counter() - start
    with catalog:
        [answer] = catalog.rows("select problems, pass_at_k from pass_at_k(1)")
    answer_s = time.perf_counter() - start
    assert answer == {"problems": 1000, "pass_at_k": pytest.approx(1 / 7, abs=2e-4)}
    assert open_s < 2, f"opened in {open_s:.2f} s"
    assert answer_s < 30, f"answered in {answer_s:.1f} s"
