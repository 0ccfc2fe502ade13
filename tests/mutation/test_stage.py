"""Strong tests kill more mutants than weak ones, and every mutant is judged once."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.config import RefreshConfig
from judge.factory import SandboxSettings
from judge.problems import JUDGED, TESTS
from judge.protocol import Job, Judged, Limits
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingMutation
from storage.plan_tables import SELECTIONS
from storage.tables import ATTEMPTS, MUTANTS, PROBLEMS
from tasks.execute.task import execute
from tasks.ingest.rows import reference_row
from tasks.mutating.limits import limits_of_mutants
from tasks.mutating.mutate import mutate_program
from tasks.mutation.rows import mutant_row, pending_mutants
from tasks.mutation.settings import MutationSettings
from tasks.mutation.task import mutation
from tasks.reading.problem import Problem, problem_row
from tasks.running.conditions import suite_id
from tasks.running.effects import close_all, sandbox_for
from tasks.running.order import Order
from tasks.running.pending import pending_counts, pending_rows
from tests.plans import NOW, SELECTION, make_config, store_plan

ROOT = Path(__file__).parents[2]
GRADE = """\
def grades(marks, least):
    \"\"\"How many marks are enough, and the best of them.\"\"\"
    enough = 0
    best = None
    for mark in marks:
        if mark >= least and mark <= 100:
            enough += 1
            if best is None or mark > best:
                best = mark
    return enough, best
"""
WEAK = ("assert grades([70], 50) == (1, 70)",)
STRONG = (
    *WEAK,
    "assert grades([], 50) == (0, None)",
    "assert grades([49, 50, 51], 50) == (2, 51)",
    "assert grades([100, 101, 99], 50) == (2, 100)",
    "assert grades([60, 80, 70], 0) == (3, 80)",
    "assert grades([10, 20], 50) == (0, None)",
)
Problems = dict[str, tuple[str, tuple[str, ...]]]
"""A reference and its asserts, by source_id."""
Build = Callable[..., RefreshConfig]


def config_of(path: Path, mutants: int = 20, commit_rows: int = 64) -> RefreshConfig:
    sandbox = SandboxSettings(jobs=2, reruns=0)
    return make_config(path, commit_rows, sandbox=sandbox, mutation=MutationSettings(mutants=mutants))


def run(config: RefreshConfig) -> int:
    """Run the stage on the lake's only bucket; return how many rows it wrote."""
    return mutation.fn(Order(config.lake, store_plan(config), 0, config.mutation, config.sandbox))


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Build]:
    """Make a lake of problems whose references the real sandbox has judged."""

    def build(problems: Problems, name: str = "lake") -> RefreshConfig:
        config = config_of(tmp_path / name)
        lake = Lake(config.lake)
        rows = []
        for source_id, (reference, asserts) in problems.items():
            tests = TESTS.validate_python({"kind": "asserts", "asserts": asserts})
            problem = Problem(
                source="t", source_id=source_id, prompt="p", entry_point=None, tests=tests, reference=reference,
                licence="MIT",
            )  # fmt: skip
            rows.append(problem_row(problem, 1))
        lake.append(PROBLEMS, rows)
        lake.append(ATTEMPTS, [reference_row(row, row["reference"] or "", NOW) for row in rows])
        lake.append(
            SELECTIONS,
            [{"selection_id": SELECTION, "problem_id": row["problem_id"], "bucket": row["bucket"]} for row in rows],
        )
        execute.fn(Order(config.lake, store_plan(config), 0, None, config.sandbox))
        return config

    yield build
    close_all()


def query(config: RefreshConfig, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(config.lake)) as catalog:
        return catalog.rows(sql)


def count_pending(config: RefreshConfig) -> int:
    with Catalog(Lake(config.lake)) as catalog:
        return pending_counts(catalog, store_plan(config))["mutation"].total()


def with_mutants(config: RefreshConfig, mutants: int) -> RefreshConfig:
    return config.model_copy(update={"mutation": MutationSettings(mutants=mutants)})


def test_strong_tests_kill_more_mutants_than_weak_ones(judged: Build) -> None:
    config = judged({"weak": (GRADE, WEAK), "strong": (GRADE, STRONG)})
    assert run(config) == 40
    weak, strong = query(config, "select * from test_strength order by kill_rate")
    assert (weak["source_id"], strong["source_id"]) == ("weak", "strong")
    assert weak["mutants"] == strong["mutants"] == 20
    assert strong["killed"] + strong["survived"] == 20 and strong["kill_rate"] == strong["killed"] / 20
    assert weak["kill_rate"] < 0.8 < strong["kill_rate"]


def test_survivors_pass_the_tests_and_killed_mutants_do_not(judged: Build) -> None:
    config = judged({"weak": (GRADE, WEAK)})
    run(config)
    rows = query(config, "select mutant_id, code, killed, verdict from mutants")
    tests = JUDGED.validate_python({"kind": "asserts", "asserts": WEAK})
    jobs = [Job(row["mutant_id"], row["code"], "", None, tests, Limits()) for row in rows]
    verdicts = sandbox_for(config.sandbox).judge(jobs)
    passed = {verdict.job_id for verdict in verdicts if verdict.verdict == "passed"}
    assert passed == {row["mutant_id"] for row in rows if not row["killed"]} != set()
    assert all(row["killed"] == (row["verdict"] != "passed") for row in rows)


def test_a_second_run_does_nothing_and_a_larger_setting_judges_only_the_missing_mutants(judged: Build) -> None:
    config = with_mutants(judged({"p": (GRADE, WEAK)}), 5)
    assert run(config) == 5
    before = Lake(config.lake).versions()
    assert run(config) == 0
    assert Lake(config.lake).versions() == before
    assert run(with_mutants(config, 8)) == 3
    rows = query(config, "select mutant_index from mutants order by mutant_index")
    assert [row["mutant_index"] for row in rows] == list(range(8))


def test_a_reference_with_fewer_mutants_than_asked_for_leaves_nothing_pending(judged: Build) -> None:
    few = "def one(x):\n    return x + 1\n"
    config = judged({
        "few": (few, ("assert one(1) == 2",)),
        "none": ("def same(x):\n    pass\n", ("assert same(1) is None",)),
    })  # fmt: skip
    possible = len(list(mutate_program(few)))
    assert run(config) == possible < 20
    assert run(config) == 0
    assert count_pending(config) == 0
    rows = query(config, "select source_id, mutants, kill_rate from test_strength order by source_id")
    assert [(row["source_id"], row["mutants"], row["kill_rate"] is None) for row in rows] == [
        ("few", possible, False), ("none", 0, True),
    ]  # fmt: skip
    drops = query(config, "select reason from drops where stage = 'strength'")
    assert [drop["reason"] for drop in drops] == ["no_mutants"]


def test_a_reference_that_fails_its_tests_gets_no_mutants(judged: Build) -> None:
    assert run(judged({"wrong": ("def one():\n    return 1 + 1\n", ("assert one() == 1",))})) == 0


def test_an_infrastructure_error_kills_no_mutant_and_is_judged_again(judged: Build) -> None:
    config = judged({"p": (GRADE, WEAK)})
    with Catalog(Lake(config.lake)) as catalog:
        [reference] = pending_rows(catalog, store_plan(config), PendingMutation)
    first = pending_mutants(reference, 20)[0]
    run(config)
    failed = mutant_row(first, Judged(first.mutant_id, "infra", ()), suite_id(config.sandbox), NOW)
    assert failed["killed"] is None
    Lake(config.lake).write(MUTANTS, [failed], {(failed["mutant_id"], failed["suite_id"], failed["judge_version"])})
    assert query(config, "select killed + survived as n from test_strength")[0]["n"] == 19
    assert count_pending(config) == 1
    assert run(config) == 1
    assert query(config, "select count(*) as n from mutants where verdict <> 'infra'")[0]["n"] == 20


@pytest.mark.parametrize(
    ("limits", "cpu_ms", "wall_ms", "cpu_s"),
    [
        pytest.param(Limits(), 20, 30, 1, id="at least a second"),
        pytest.param(Limits(), 900, 1000, 4.5, id="five times the reference"),
        pytest.param(Limits(), 9000, 9000, 10, id="at most the limit"),
        pytest.param(Limits(cpu_s=0.5), 20, 30, 0.5, id="at most a small limit"),
    ],
)
def test_a_mutant_gets_five_times_the_cpu_time_of_its_reference(
    limits: Limits, cpu_ms: float, wall_ms: float, cpu_s: float
) -> None:
    assert limits_of_mutants(limits, cpu_ms, wall_ms).cpu_s == pytest.approx(cpu_s)


def test_a_mutant_gets_elapsed_time_for_a_busy_machine_and_a_slow_reference() -> None:
    assert limits_of_mutants(Limits(), 20, 30).wall_s == 10
    assert limits_of_mutants(Limits(), 20, 11_000).wall_s == pytest.approx(55)


RUN_AND_KILL = """
import os, signal, sys, threading, time
from pathlib import Path
from tasks.running import progress
from tests.mutation.test_stage import config_of, run

def kill_after_five_rows():
    while progress.snapshot().get("mutation", progress.Progress()).done < 5:
        time.sleep(0.001)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=kill_after_five_rows, daemon=True).start()
run(config_of(Path(sys.argv[1]), commit_rows=1))
"""


def test_a_killed_run_is_resumed_where_it_stopped(judged: Build) -> None:
    problems = {"weak": (GRADE, WEAK), "strong": (GRADE, STRONG)}
    whole, killed = judged(problems, "whole"), judged(problems, "killed")
    run(whole)
    command = [sys.executable, "-c", RUN_AND_KILL, killed.lake.path]
    assert subprocess.run(command, cwd=ROOT, start_new_session=True).returncode == -signal.SIGKILL
    count = "select count(*) as n, count(distinct mutant_id) as ids from mutants"
    committed = query(killed, count)[0]["n"]
    assert 5 <= committed < 40
    assert run(killed) == 40 - committed
    assert query(killed, count) == [{"n": 40, "ids": 40}]
    columns = "mutant_id, mutant_index, possible, operator, line, code, verdict, killed"
    rows = f"select {columns} from mutants order by all"
    assert query(killed, rows) == query(whole, rows)
