"""The stage on real programs: the faster is told from the slower, the equal from neither, and nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.lake import Lake
from storage.tables import DROPS, RANKINGS, SCORES
from tasks.plan import Plan, time_id
from tasks.running.effects import close_all
from tasks.settings import TimeSettings
from tasks.timing.task import time_
from tests.builders import row
from tests.timing.lakes import SCORER, Program, asked, fill, plan_of

ROOT = Path(__file__).parents[2]
QUADRATIC = """\
def f(xs):
    out = []
    for x in xs:
        if x not in out:
            out.append(x)
    return out
"""
LINEAR = "def f(xs): return list(dict.fromkeys(xs))\n"
WORDY = LINEAR.replace("xs", "values")
CAPPED = "def f(xs): return list(dict.fromkeys(xs))[:50]\n"
SUM = "def f(n):\n    total = 0\n    for i in range(n): total += i * i\n    return total\n"
SQUARE, POWER = "def f(n): return n * n", "def f(n): return n ** 2"
NINE, SUM_OF_NINE = "def f(n): return 9", "def f(n): return 8 + 1"
SUM_AGAIN = "def f(count):\n    result = 0\n    for k in range(count): result += k * k\n    return result\n"
TESTS = ("assert f([3, 1, 3]) == [3, 1]", "assert f([1, 2, 2, 4]) == [1, 2, 4]", "assert f([]) == []")
DEDUP = {"slow": Program(QUADRATIC), "fast": Program(LINEAR), "same": Program(LINEAR, 0.9)}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


def scores(plan: Plan) -> dict[str, dict[str, Any]]:
    rows = asked(plan, "select attempt_id, value, parts from scores where scorer = 'efficiency@1'")
    return {row["attempt_id"]: {"value": row["value"], **json.loads(row["parts"])} for row in rows}


def test_fast_slow_equal_and_wrong_programs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "lake")
    odd = {**DEDUP, "wrong": Program(CAPPED, 0.8), "failing": Program(WORDY + "# 2", 0.7, passes=TESTS[:2])}
    fill(plan, {
        "dedup": (TESTS, odd),
        "equal": (("assert f(10) == 285",), {"one": Program(SUM), "other": Program(SUM_AGAIN)}),
        "small": (("assert f(3) == 9",), {"one": Program(SQUARE), "other": Program(POWER)}),
        "words": (("assert f(x) == 9",), {"one": Program(NINE), "other": Program(SUM_OF_NINE)}),
        "alone": (TESTS, {"one": Program(LINEAR), "same": Program(LINEAR)}),
    })  # fmt: skip
    assert time_.fn(plan, 0) > 0

    found = scores(plan)
    assert {name for name in found if name.startswith("dedup")} == {"dedup-slow", "dedup-fast"}
    fast, slow = found["dedup-fast"], found["dedup-slow"]
    assert fast["pair"] == {**slow["pair"], "with": "dedup-slow", "faster": True}
    assert slow["pair"]["with"] == "dedup-fast" and slow["pair"]["faster"] is False
    assert 1.2 < slow["pair"]["low"] <= slow["pair"]["ratio"] <= slow["pair"]["high"]
    assert slow["value"] < -0.5 and fast["value"] == 0 and slow["relative"] > 1.6

    agreed = asked(plan, "select attempt_id, bool_and(agreed) as ok, count(*) as n from timings group by 1 order by 1")
    assert agreed == [
        {"attempt_id": "dedup-fast", "ok": True, "n": 5}, {"attempt_id": "dedup-slow", "ok": True, "n": 5},
        {"attempt_id": "dedup-wrong", "ok": False, "n": 1}, {"attempt_id": "equal-one", "ok": True, "n": 5},
        {"attempt_id": "equal-other", "ok": True, "n": 5},
    ]  # fmt: skip
    inputs = asked(plan, "select test_id, scale, programs, agreeing, example from inputs order by test_id")
    assert [(r["test_id"], r["programs"], r["agreeing"]) for r in inputs] == [("dedup-1", 3, 2), ("equal-0", 2, 2)]
    assert all(r["scale"] > 8 and r["example"].startswith("f(") and len(r["example"]) <= 500 for r in inputs)
    answers = asked(plan, "select count(distinct answer) as n from timings where agreed group by input_id, repeat")
    assert [r["n"] for r in answers] == [1] * 10
    fresh = asked(plan, "select count(distinct answer) as n from timings where attempt_id = 'dedup-fast'")
    assert fresh[0]["n"] == 5

    assert "pair" not in found["equal-one"] and "pair" not in found["equal-other"]
    drops = asked(plan, "select problem_id, reason from drops where stage = 'time' order by reason")
    names = {r["problem_id"]: r["source_id"] for r in asked(plan, "select problem_id, source_id from problems")}
    assert [(names[r["problem_id"]], r["reason"]) for r in drops] == [
        ("words", "no_literal_input"), ("equal", "not_separated"), ("small", "too_fast"),
    ]  # fmt: skip

    before = Lake(plan.lake).versions()
    assert time_.fn(plan, 0) == 0
    assert Lake(plan.lake).versions() == before


def test_more_repeats_run_only_those_and_other_thresholds_none(tmp_path: Path) -> None:
    few = plan_of(tmp_path / "lake")
    fill(few, {"dedup": (TESTS, DEDUP)})
    time_.fn(few, 0)
    first = asked(few, "select * from timings order by all")
    more = plan_of(tmp_path / "lake", TimeSettings(inputs=1, repeats=7, least_ms=10))
    time_.fn(more, 0)
    rows = asked(more, "select * from timings where repeat < 5 order by all")
    assert rows == first and asked(more, "select count(*) as n from timings")[0]["n"] == 14
    strict = plan_of(tmp_path / "lake", TimeSettings(inputs=1, repeats=7, least_ms=10, least_ratio=1e6))
    time_.fn(strict, 0)
    assert asked(strict, "select count(*) as n from timings")[0]["n"] == 14
    assert "pair" not in scores(strict)["dedup-fast"]
    assert [r["reason"] for r in asked(strict, "select reason from drops")] == ["not_separated"]


def test_a_new_matrix_ranks_again_and_measures_only_what_has_changed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "lake")
    fill(plan, {"dedup": (TESTS, DEDUP)})
    time_.fn(plan, 0)
    lake, timed = Lake(plan.lake), asked(plan, "select * from timings order by all")
    old = asked(plan, f"select * from scores where scorer = '{SCORER}'")
    lake.upsert(SCORES, [{**r, "matrix_id": "dedup-2"} for r in old])
    ranked = asked(plan, "select * from rankings")
    lake.upsert(RANKINGS, [{**r, "matrix_id": "dedup-2"} for r in ranked])
    assert time_.fn(plan, 0) > 0
    assert asked(plan, "select * from timings order by all") == timed
    assert {r["matrix_id"] for r in asked(plan, "select * from scores where scorer = 'efficiency@1'")} == {"dedup-2"}


def test_a_problem_that_was_dropped_before_its_scores_came_is_finished(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "lake")
    fill(plan, {"equal": (("assert f(10) == 285",), {"one": Program(SUM), "other": Program(SUM_AGAIN)})})
    (known,) = asked(plan, "select problem_id from problems")
    row_id = f"{known['problem_id']}@equal-1@{time_id(plan)}"
    Lake(plan.lake).append(DROPS, [row(DROPS, stage="time", row_id=row_id, reason="not_separated")])
    assert time_.fn(plan, 0) > 0 and len(scores(plan)) == 2
    assert asked(plan, "select count(*) as n from drops")[0]["n"] == 1


KILLED = """
import sys
from pathlib import Path
from tasks.timing.task import time_
from tests.timing.lakes import plan_of
time_.fn(plan_of(Path(sys.argv[1]), batch_rows=1), 0)
"""


def test_killed_in_the_middle_it_goes_on_at_the_next_repeat(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "lake", batch_rows=1)
    fill(plan, {"dedup": (TESTS, DEDUP), "more": (TESTS, DEDUP)})
    process = subprocess.Popen([sys.executable, "-c", KILLED, plan.lake.path], cwd=ROOT, start_new_session=True)
    count = "select count(*) as n from timings"
    deadline = time.monotonic() + 60
    while asked(plan, count)[0]["n"] < 6 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = asked(plan, "select * from timings order by all")
    assert 6 <= len(kept) < 20 and len(kept) % 2 == 0
    time_.fn(plan, 0)
    keys = ", ".join(f"'{r['attempt_id']}{r['repeat']}'" for r in kept)
    again = asked(plan, f"select * from timings where attempt_id || repeat in ({keys}) order by all")
    assert again == kept and asked(plan, count)[0]["n"] == 20
    assert len(scores(plan)) == 4 and asked(plan, "select count(*) as n from inputs")[0]["n"] == 2
