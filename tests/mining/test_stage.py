"""The stage against a real HTTP server: it asks for what is missing, and for nothing twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from judge.problems import TESTS, Untested
from storage.catalog import Catalog
from storage.errors import ConfigError, ModelError
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS, IDEAS, PROBLEMS, SEEDS
from tasks.asking.interface import describe_interface
from tasks.mining.settings import CodeSource, MiningSettings
from tasks.mining.task import mining
from tasks.models.settings import OpenAISettings
from tasks.running.effects import close_all
from tests.mining.conftest import CODE, WordingServer, task_about
from tests.waiting import until

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[str, ...]]


@pytest.fixture
def run(tmp_path: Path, model: WordingServer, checkout: Callable[..., Path]) -> Iterator[Run]:
    """Run the stage on a checkout of four seeds, unless another `root`, `lake` or other settings are given."""

    def call(root: Path | None = None, lake: str = "lake", **settings: Any) -> tuple[str, ...]:
        return run_stage(str(tmp_path / lake), str(root or checkout()), model.url, settings)

    yield call
    close_all()


def run_stage(lake: str, root: str, url: str, settings: dict[str, Any]) -> tuple[str, ...]:
    """Run the stage on the folder `root`, with a commit per answer; return the ids of its problems."""
    sources = TypeAdapter(tuple[CodeSource, ...]).validate_python([{"kind": "folder", "path": root, "name": "kits"}])
    model = OpenAISettings(urls=(url,), name="wordy", retries=0, backoff_s=0.01, max_in_flight=1)
    lake_settings = LakeSettings(path=lake, buckets=3, commit_rows=1)
    return mining.fn(lake_settings, sources, MiningSettings(**settings), model, "r1")


def rows(lake: Path, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        return catalog.rows(sql)


def contents(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """Return every row of the stage's tables without the time at which it was made."""
    columns = {
        table.name: ", ".join(name for name in table.schema.names if name != "created_at")
        for table in (SEEDS, IDEAS, PROBLEMS, DROPS)
    }
    return {name: rows(lake, f"select {listed} from {name} order by all") for name, listed in columns.items()}


def test_every_seed_becomes_a_problem_without_tests(run: Run, model: WordingServer, tmp_path: Path) -> None:
    ids = run()
    assert model.asked == {"concepts": 4, "task": 4}
    problems = rows(tmp_path / "lake", "select * from problems order by entry_point")
    assert sorted(ids) == sorted(p["problem_id"] for p in problems) and len(ids) == 4
    [problem] = [p for p in problems if p["entry_point"] == "count_runs"]
    task, signature = task_about("count_runs"), "def count_runs(items):"
    assert problem["prompt"] == f"{task}\n\nThe function has this signature:\n\n{signature}"
    assert isinstance(TESTS.validate_json(problem["tests"]), Untested) and problem["tests_kind"] == "none"
    assert describe_interface(problem["tests"], "count_runs") == "The program must define `count_runs`."
    assert (problem["source"], problem["source_id"]) == ("kits", "kit:kit/count_runs.py:count_runs")
    assert (problem["licence"], problem["origin"], problem["reference"]) == ("MIT", "kit kit/count_runs.py:2", None)


def test_a_second_run_asks_and_writes_nothing(run: Run, model: WordingServer, tmp_path: Path) -> None:
    ids = run()
    versions = Lake(LakeSettings(path=str(tmp_path / "lake"))).versions()
    model.asked.clear()
    assert run() == ids
    assert not model.asked and Lake(LakeSettings(path=str(tmp_path / "lake"))).versions() == versions


def test_another_task_template_asks_for_tasks_only(run: Run, model: WordingServer, tmp_path: Path) -> None:
    before = run()
    model.asked.clear()
    template = tmp_path / "other.jinja"
    template.write_text("<|user|>\nDescribe an exercise on {{ concepts }}.\nSignature:\n{{ signature }}\n")
    run(task_template=str(template))
    assert model.asked == {"task": 4}
    other = tmp_path / "concepts.jinja"
    other.write_text("<|user|>\nName concepts.\n{{ code }}\n")
    model.asked.clear()
    model.tasks["Tally"] = task_about("Tally_again")
    ids = run(concepts_template=str(other))
    assert model.asked == {"concepts": 4, "task": 4}
    assert len(set(ids) - set(before)) == 1  # equal tasks make equal problems


def test_more_tasks_per_seed_ask_for_the_missing_ones(run: Run, model: WordingServer, tmp_path: Path) -> None:
    run()
    model.asked.clear()
    run(tasks=3)
    assert model.asked == {"task": 8}
    drops = rows(tmp_path / "lake", "select * from drops")
    assert [d["reason"] for d in drops] == ["near_duplicate"] * 8  # this model repeats its task


def test_new_files_ask_for_their_own_seeds_only(run: Run, model: WordingServer, checkout: Callable[..., Path]) -> None:
    few = {f"kit/{name.lower()}.py": CODE[name] for name in ("count_runs", "Tally")}
    before = run(checkout(few, where="few"))
    model.asked.clear()
    after = run()
    assert model.asked == {"concepts": 2, "task": 2}
    assert set(before) < set(after)


def test_an_answer_that_is_no_task_is_a_row_with_a_reason(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.tasks |= {"Tally": "I'm sorry, I cannot.", "parse_size": task_about("parse_size") + " Read it from a file."}
    assert len(run()) == 2
    failures = rows(tmp_path / "lake", "select no_text_reason, problem_id from ideas where text is null order by 1")
    assert [tuple(row.values()) for row in failures] == [("needs_more", None), ("refused", None)]


def test_one_of_several_near_duplicate_tasks_becomes_a_problem_and_stays(
    run: Run, model: WordingServer, tmp_path: Path, checkout: Callable[..., Path]
) -> None:
    model.tasks |= {name: task_about("same") for name in CODE}
    assert len(run()) == 1
    drops = rows(tmp_path / "lake", "select * from drops where reason = 'near_duplicate'")
    assert len(drops) == 3
    # a problem in the lake is never replaced by a later one
    lone = checkout({"kit/tally.py": CODE["Tally"]}, where="lone")
    first = run(lone, lake="other")
    assert run(lake="other") == first


def test_an_answer_that_repeats_the_example_of_the_template_is_no_task(
    run: Run, model: WordingServer, tmp_path: Path
) -> None:
    text = (ROOT / "tasks/mining/prompts/task.jinja").read_text()
    model.tasks["count_runs"] = text.split("<|assistant|>\n")[1].split("\n<|user|>")[0]
    assert len(run()) == 3
    [drop] = rows(tmp_path / "lake", "select * from drops")
    assert "near example 2" in drop["detail"]


def test_answers_before_a_failure_of_the_model_are_kept(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.fail_after = 6
    with pytest.raises(ModelError):
        run()
    assert len(rows(tmp_path / "lake", "select * from ideas")) == 6
    assert rows(tmp_path / "lake", "select * from problems") == []
    model.fail_after = None
    assert len(run()) == 4
    assert model.asked == {"concepts": 4, "task": 4}


def test_a_killed_run_is_resumed_with_the_same_rows(
    run: Run, model: WordingServer, tmp_path: Path, checkout: Callable[..., Path]
) -> None:
    undisturbed = run(lake="undisturbed")
    model.asked.clear()
    run_and_kill_after(5, model, tmp_path / "lake", checkout())
    committed = len(rows(tmp_path / "lake", "select * from ideas"))
    assert run() == undisturbed
    assert contents(tmp_path / "lake") == contents(tmp_path / "undisturbed")
    assert committed >= 4 and model.asked.total() <= 8 + 1  # a kill loses the answer that was not committed


def run_and_kill_after(answers: int, model: WordingServer, lake: Path, root: Path) -> None:
    """Run the stage in a process of its own; kill it once so many answers are committed and the model is silent."""
    model.hold_after = answers
    script = "import json, sys; from tests.mining.test_stage import run_stage; run_stage(*json.loads(sys.argv[1]))"
    command = [sys.executable, "-c", script, json.dumps([str(lake), str(root), model.url, {}])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def is_committed() -> bool:
        assert process.poll() is None, process.communicate()[1]
        return model.asked.total() >= answers and len(rows(lake, "select * from ideas")) >= answers

    until(is_committed, f"{answers} committed answers")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    model.hold_after = None


def test_sources_without_any_seed_are_reported_in_one_line(
    run: Run, checkout: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"expected at least one function or class .* got none \(too_short 1\)"):
        run(checkout({"a.py": "def double(x):\n    return 2 * x\n"}, where="poor"))
    assert not (tmp_path / "lake").exists()


def test_two_tasks_of_a_seed_get_distinct_source_ids(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.varied = True
    assert len(run(tasks=2)) == 8
    names = rows(tmp_path / "lake", "select source_id from problems where entry_point = 'Tally' order by 1")
    assert [row["source_id"] for row in names] == ["kit:kit/tally.py:Tally", "kit:kit/tally.py:Tally#1"]
