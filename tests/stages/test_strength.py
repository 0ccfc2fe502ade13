"""Strong tests kill more mutants than weak ones; what is judged is kept, once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.factory import SandboxSettings
from judge.problems import TESTS
from judge.protocol import Job, Judged, Limits
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, MUTANTS, PROBLEMS, SELECTIONS
from tasks.execute.task import execute
from tasks.ingest.rows import problem_row, reference_row
from tasks.models.settings import OpenAISettings
from tasks.mutation.mutate import mutants
from tasks.mutation.rows import judged_row, limits
from tasks.mutation.task import strength
from tasks.plan import Plan
from tasks.reading.problem import Problem
from tasks.running.effects import close_all, sandbox_for
from tasks.running.pending import pending_counts
from tasks.settings import GenerateSettings, RepairSettings, StrengthSettings, WriteSettings

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


def plan_of(path: Path, wanted: int = 20, batch_rows: int = 64) -> Plan:
    nobody = OpenAISettings(kind="openai", urls=("http://127.0.0.1:9/v1",), name="nobody")
    return Plan(
        lake=LakeSettings(path=str(path), buckets=1), selection_id="s", model=nobody, model_revision="", teacher=nobody,
        teacher_revision="", sandbox=SandboxSettings(jobs=2, reruns=0), generate=GenerateSettings(),
        repair=RepairSettings(), strength=StrengthSettings(mutants=wanted), write=WriteSettings(batch_rows=batch_rows),
    )  # fmt: skip


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Callable[[Problems], Plan]]:
    """A lake of problems, each a reference and asserts, whose references the real sandbox has judged."""

    def build(problems: Problems, name: str = "lake") -> Plan:
        plan = plan_of(tmp_path / name)
        lake = Lake(plan.lake)
        rows = []
        for source_id, (reference, asserts) in problems.items():
            tests = TESTS.validate_python({"kind": "asserts", "asserts": asserts})
            problem = Problem(
                source="t", source_id=source_id, prompt="p", entry_point=None, tests=tests, reference=reference,
                licence="MIT",
            )  # fmt: skip
            rows.append(problem_row(problem, 1))
        lake.append(PROBLEMS, rows)
        lake.append(ATTEMPTS, [reference_row(row) for row in rows])
        lake.append(SELECTIONS, [{"selection_id": "s", **{k: r[k] for k in ("problem_id", "bucket")}} for r in rows])
        execute.fn(plan, 0, "references")
        return plan

    yield build
    close_all()


def asked(plan: Plan, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(plan.lake)) as catalog:
        return catalog.rows(sql)


def with_mutants(plan: Plan, wanted: int, **more: Any) -> Plan:
    return plan.model_copy(update={"strength": StrengthSettings(mutants=wanted), **more})


def test_strong_tests_kill_more_mutants_than_weak_ones(judged: Callable[[Problems], Plan]) -> None:
    plan = judged({"weak": (GRADE, WEAK), "strong": (GRADE, STRONG)})
    assert strength.fn(plan, 0) == 40
    weak, strong = asked(plan, "select * from test_strength order by kill_rate")
    assert (weak["source_id"], strong["source_id"]) == ("weak", "strong")
    assert weak["mutants"] == strong["mutants"] == 20
    assert strong["killed"] + strong["survived"] == 20 and strong["kill_rate"] == strong["killed"] / 20
    assert weak["kill_rate"] < 0.8 < strong["kill_rate"]


def test_survivors_pass_the_tests_they_survived_and_the_killed_do_not(judged: Callable[[Problems], Plan]) -> None:
    plan = judged({"weak": (GRADE, WEAK)})
    strength.fn(plan, 0)
    rows = asked(plan, "select mutant_id, code, killed, verdict from mutants")
    tests = TESTS.validate_python({"kind": "asserts", "asserts": WEAK})
    again = sandbox_for(plan.sandbox).judge(Job(r["mutant_id"], r["code"], "", None, tests, Limits()) for r in rows)
    passed = {judged.job_id for judged in again if judged.verdict == "passed"}
    assert passed == {row["mutant_id"] for row in rows if not row["killed"]} != set()
    assert all(row["killed"] == (row["verdict"] != "passed") for row in rows)


def test_a_second_run_does_nothing_and_more_mutants_only_the_missing_ones(judged: Callable[[Problems], Plan]) -> None:
    plan = with_mutants(judged({"p": (GRADE, WEAK)}), 5)
    assert strength.fn(plan, 0) == 5
    before = Lake(plan.lake).versions()
    assert strength.fn(plan, 0) == 0
    assert Lake(plan.lake).versions() == before
    assert strength.fn(with_mutants(plan, 8), 0) == 3
    rows = asked(plan, "select mutant_index from mutants order by mutant_index")
    assert [row["mutant_index"] for row in rows] == list(range(8))


def test_where_there_are_fewer_mutants_than_asked_for_all_are_judged_and_no_more_are_pending(
    judged: Callable[[Problems], Plan],
) -> None:
    plan = judged({
        "few": ("def one(x):\n    return x + 1\n", ("assert one(1) == 2",)),
        "none": ("def same(x):\n    pass\n", ("assert same(1) is None",)),
    })  # fmt: skip
    possible = len(list(mutants("def one(x):\n    return x + 1\n")))
    assert strength.fn(plan, 0) == possible < 20
    assert strength.fn(plan, 0) == 0
    with Catalog(Lake(plan.lake)) as catalog:
        assert pending_counts(catalog, plan)["strength"].total() == 0
    rows = asked(plan, "select source_id, mutants, kill_rate from test_strength order by source_id")
    assert [(r["source_id"], r["mutants"], r["kill_rate"] is None) for r in rows] == [
        ("few", possible, False), ("none", 0, True),
    ]  # fmt: skip
    assert [r["reason"] for r in asked(plan, "select reason from drops where stage = 'strength'")] == ["no_mutants"]


def test_a_reference_that_fails_gets_no_mutants(judged: Callable[[Problems], Plan]) -> None:
    plan = judged({"wrong": ("def one():\n    return 1 + 1\n", ("assert one() == 1",))})
    assert strength.fn(plan, 0) == 0


def test_a_hiccup_of_ours_kills_nothing_and_is_judged_again(judged: Callable[[Problems], Plan]) -> None:
    plan = judged({"p": (GRADE, WEAK)})
    strength.fn(plan, 0)
    first = asked(plan, "select * from mutants order by mutant_index limit 1")[0]
    mutant = {k: v for k, v in first.items() if k not in ("suite_id", "verdict", "killed", "created_at")}
    hiccup = judged_row(mutant, Judged(first["mutant_id"], "infra", ()), first["suite_id"])
    assert hiccup["killed"] is None
    Lake(plan.lake).upsert(MUTANTS, [hiccup])
    assert asked(plan, "select killed + survived as n from test_strength")[0]["n"] == 19
    with Catalog(Lake(plan.lake)) as catalog:
        assert pending_counts(catalog, plan)["strength"].total() == 1
    assert strength.fn(plan, 0) == 1
    assert asked(plan, "select count(*) as n from mutants where verdict <> 'infra'")[0]["n"] == 20


def test_an_endless_mutant_costs_five_times_its_reference_and_never_more_than_the_limit() -> None:
    assert limits(Limits(), 20, 30).cpu_s == 1
    assert limits(Limits(), 900, 1000).cpu_s == pytest.approx(4.5)
    assert limits(Limits(), 9000, 9000).cpu_s == 10
    assert limits(Limits(cpu_s=0.5), 20, 30).cpu_s == 0.5
    assert limits(Limits(), 20, 30).wall_s == 10
    assert limits(Limits(), 20, 11_000).wall_s == pytest.approx(55)


KILLED = """
import sys
from pathlib import Path
from tasks.mutation.task import strength
from tests.stages.test_strength import plan_of
strength.fn(plan_of(Path(sys.argv[1]), batch_rows=1), 0)
"""


def test_killed_in_the_middle_it_goes_on_where_it_stopped(judged: Callable[..., Plan]) -> None:
    problems = {"weak": (GRADE, WEAK), "strong": (GRADE, STRONG)}
    whole, broken = judged(problems, "whole"), judged(problems, "broken")
    strength.fn(whole, 0)
    process = subprocess.Popen([sys.executable, "-c", KILLED, broken.lake.path], cwd=ROOT, start_new_session=True)
    count = "select count(*) as n, count(distinct mutant_id) as ids from mutants"
    deadline = time.monotonic() + 60
    while asked(broken, count)[0]["n"] < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = asked(broken, count)[0]["n"]
    assert 5 <= kept < 40
    assert strength.fn(broken, 0) == 40 - kept
    assert asked(broken, count) == [{"n": 40, "ids": 40}]
    columns = (
        "select mutant_id, mutant_index, possible, operator, line, code, verdict, killed from mutants order by all"
    )
    assert asked(broken, columns) == asked(whole, columns)
