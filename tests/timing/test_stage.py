"""The stage on real programs: faster and slower ones are separated, equal ones are not, nothing is measured twice."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.config import RefreshConfig
from storage.lake import Lake
from storage.tables import DROPS, RANKINGS, SCORES
from tasks.running.effects import close_all
from tasks.timing.rows import timing_id
from tasks.timing.settings import TimingSettings
from tests.builders import row
from tests.timing.lakes import SCORER, JudgedProgram, config_of, fill, query, run

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
DEDUP = {"slow": JudgedProgram(QUADRATIC), "fast": JudgedProgram(LINEAR), "same": JudgedProgram(LINEAR, 0.9)}


@pytest.fixture(autouse=True)
def _close_sandboxes() -> Iterator[None]:
    yield
    close_all()


def speed_scores(config: RefreshConfig) -> dict[str, dict[str, Any]]:
    """Return the value and the parts of every score of speed, by attempt_id."""
    rows = query(config, "select attempt_id, value, parts from scores where scorer = 'efficiency@1'")
    return {row["attempt_id"]: {"value": row["value"], **json.loads(row["parts"])} for row in rows}


def test_fast_and_slow_programs_are_separated_and_equal_or_wrong_ones_are_not(tmp_path: Path) -> None:
    config = config_of(tmp_path / "lake")
    dedup = {
        **DEDUP,
        "wrong": JudgedProgram(CAPPED, 0.8),
        "failing": JudgedProgram(WORDY + "# 2", 0.7, passes=TESTS[:2]),
    }
    fill(config, {
        "dedup": (TESTS, dedup),
        "equal": (("assert f(10) == 285",), {"one": JudgedProgram(SUM), "other": JudgedProgram(SUM_AGAIN)}),
        "small": (("assert f(3) == 9",), {"one": JudgedProgram(SQUARE), "other": JudgedProgram(POWER)}),
        "words": (("assert f(x) == 9",), {"one": JudgedProgram(NINE), "other": JudgedProgram(SUM_OF_NINE)}),
        "alone": (TESTS, {"one": JudgedProgram(LINEAR), "same": JudgedProgram(LINEAR)}),
    })  # fmt: skip
    assert run(config) > 0

    speeds = speed_scores(config)
    assert {name for name in speeds if name.startswith("dedup")} == {"dedup-slow", "dedup-fast"}
    fast, slow = speeds["dedup-fast"], speeds["dedup-slow"]
    assert fast["pair"] == {**slow["pair"], "with": "dedup-slow", "faster": True}
    assert slow["pair"]["with"] == "dedup-fast" and slow["pair"]["faster"] is False
    assert 1.2 < slow["pair"]["low"] <= slow["pair"]["ratio"] <= slow["pair"]["high"]
    assert slow["value"] < -0.5 and fast["value"] == 0 and slow["relative"] > 1.6

    agreed = query(
        config, "select attempt_id, bool_and(agreed) as ok, count(*) as n from timings group by 1 order by 1"
    )
    assert agreed == [
        {"attempt_id": "dedup-fast", "ok": True, "n": 5}, {"attempt_id": "dedup-slow", "ok": True, "n": 5},
        {"attempt_id": "dedup-wrong", "ok": False, "n": 1}, {"attempt_id": "equal-one", "ok": True, "n": 5},
        {"attempt_id": "equal-other", "ok": True, "n": 5},
    ]  # fmt: skip
    inputs = query(config, "select test_id, scale, programs, agreeing, example from inputs order by test_id")
    assert [(r["test_id"], r["programs"], r["agreeing"]) for r in inputs] == [("dedup-1", 3, 2), ("equal-0", 2, 2)]
    assert all(r["scale"] > 8 and r["example"].startswith("f(") and len(r["example"]) <= 500 for r in inputs)
    answers = query(config, "select count(distinct answer) as n from timings where agreed group by input_id, repeat")
    assert [r["n"] for r in answers] == [1] * 10
    fresh = query(config, "select count(distinct answer) as n from timings where attempt_id = 'dedup-fast'")
    assert fresh[0]["n"] == 5

    assert "pair" not in speeds["equal-one"] and "pair" not in speeds["equal-other"]
    drops = query(config, "select problem_id, reason from drops where stage = 'time' order by reason")
    names = {r["problem_id"]: r["source_id"] for r in query(config, "select problem_id, source_id from problems")}
    assert [(names[r["problem_id"]], r["reason"]) for r in drops] == [
        ("words", "no_literal_input"), ("equal", "not_separated"), ("small", "too_fast"),
    ]  # fmt: skip

    before = Lake(config.lake).versions()
    assert run(config) == 0
    assert Lake(config.lake).versions() == before


def test_more_repeats_measure_only_the_missing_ones_and_another_threshold_none(tmp_path: Path) -> None:
    few = config_of(tmp_path / "lake")
    fill(few, {"dedup": (TESTS, DEDUP)})
    run(few)
    first = query(few, "select * from timings order by all")
    more = config_of(tmp_path / "lake", TimingSettings(inputs=1, repeats=7, least_ms=10))
    run(more)
    rows = query(more, "select * from timings where repeat < 5 order by all")
    assert rows == first and query(more, "select count(*) as n from timings")[0]["n"] == 14
    strict = config_of(tmp_path / "lake", TimingSettings(inputs=1, repeats=7, least_ms=10, least_ratio=1e6))
    run(strict)
    assert query(strict, "select count(*) as n from timings")[0]["n"] == 14
    assert "pair" not in speed_scores(strict)["dedup-fast"]
    assert [r["reason"] for r in query(strict, "select reason from drops")] == ["not_separated"]


def test_a_new_matrix_of_the_same_programs_is_ranked_without_measuring(tmp_path: Path) -> None:
    config = config_of(tmp_path / "lake")
    fill(config, {"dedup": (TESTS, DEDUP)})
    run(config)
    lake, timings = Lake(config.lake), query(config, "select * from timings order by all")
    scores = query(config, f"select * from scores where scorer = '{SCORER}'")
    lake.upsert(SCORES, [{**r, "matrix_id": "dedup-2"} for r in scores])
    rankings = query(config, "select * from rankings")
    lake.upsert(RANKINGS, [{**r, "matrix_id": "dedup-2"} for r in rankings])
    assert run(config) > 0
    assert query(config, "select * from timings order by all") == timings
    assert {r["matrix_id"] for r in query(config, "select * from scores where scorer = 'efficiency@1'")} == {"dedup-2"}


def test_a_problem_with_a_drop_but_no_scores_is_finished(tmp_path: Path) -> None:
    config = config_of(tmp_path / "lake")
    fill(config, {"equal": (("assert f(10) == 285",), {"one": JudgedProgram(SUM), "other": JudgedProgram(SUM_AGAIN)})})
    [problem] = query(config, "select problem_id from problems")
    row_id = f"{problem['problem_id']}@equal-1@{timing_id(config.timing, config.sandbox)}"
    Lake(config.lake).append(DROPS, [row(DROPS, stage="time", row_id=row_id, reason="not_separated")])
    assert run(config) > 0 and len(speed_scores(config)) == 2
    assert query(config, "select count(*) as n from drops")[0]["n"] == 1


RUN_AND_KILL = """
import os, signal, sys, threading, time
from pathlib import Path
from storage.lake import Lake
from storage.tables import TIMINGS
from tests.timing.lakes import config_of, run

config = config_of(Path(sys.argv[1]), commit_rows=1)

def kill_after_three_commits():
    while Lake(config.lake).versions([TIMINGS]).get("timings", 0) < 3:
        time.sleep(0.001)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=kill_after_three_commits, daemon=True).start()
run(config)
"""


def test_a_killed_run_is_resumed_at_the_next_repeat(tmp_path: Path) -> None:
    config = config_of(tmp_path / "lake", commit_rows=1)
    fill(config, {"dedup": (TESTS, DEDUP), "more": (TESTS, DEDUP)})
    command = [sys.executable, "-c", RUN_AND_KILL, config.lake.path]
    assert subprocess.run(command, cwd=ROOT, start_new_session=True).returncode == -signal.SIGKILL
    count = "select count(*) as n from timings"
    committed = query(config, "select * from timings order by all")
    assert 6 <= len(committed) < 20 and len(committed) % 2 == 0
    run(config)
    keys = ", ".join(f"'{r['attempt_id']}{r['repeat']}'" for r in committed)
    unchanged = query(config, f"select * from timings where attempt_id || repeat in ({keys}) order by all")
    assert unchanged == committed and query(config, count)[0]["n"] == 20
    assert len(speed_scores(config)) == 4 and query(config, "select count(*) as n from inputs")[0]["n"] == 2
