"""The stage against a real HTTP server: it does what is missing, and nothing twice."""

import json
import os
import signal
import subprocess
import sys
import time
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
from tasks.asking.interface import interface
from tasks.mining.settings import CodeSource
from tasks.mining.task import mine
from tasks.models.settings import OpenAISettings
from tasks.running.effects import close_all
from tasks.settings import MineSettings, WriteSettings
from tests.mining.conftest import CODE, WordingServer, wording

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[str, ...]]


@pytest.fixture
def run(tmp_path: Path, model: WordingServer, checkout: Callable[..., Path]) -> Iterator[Run]:
    """Run the stage on a checkout of four seeds; `root`, `lake` and settings of mining may be others."""

    def call(root: Path | None = None, lake: str = "lake", **how: Any) -> tuple[str, ...]:
        return _mine(str(tmp_path / lake), str(root or checkout()), model.url, how)

    yield call
    close_all()


def _mine(lake: str, root: str, url: str, how: dict[str, Any]) -> tuple[str, ...]:
    sources = TypeAdapter(tuple[CodeSource, ...]).validate_python([{"kind": "folder", "path": root, "name": "kits"}])
    model = OpenAISettings(urls=(url,), name="wordy", retries=0, backoff_s=0.01, max_in_flight=1)
    ids = mine.fn(
        LakeSettings(path=lake, buckets=3), sources, MineSettings(**how), model, "r1", WriteSettings(batch_rows=1)
    )
    assert isinstance(ids, tuple)
    return ids


def rows(lake: Path, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        return catalog.rows(sql)


def contents(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of the stage's tables but for when it was made."""
    columns = {
        t.name: ", ".join(n for n in t.schema.names if n != "created_at") for t in (SEEDS, IDEAS, PROBLEMS, DROPS)
    }
    return {name: rows(lake, f"select {listed} from {name} order by all") for name, listed in columns.items()}


def test_every_seed_becomes_a_problem_without_tests(run: Run, model: WordingServer, tmp_path: Path) -> None:
    ids = run()
    assert model.asked == {"concepts": 4, "task": 4}
    problems = rows(tmp_path / "lake", "select * from problems order by entry_point")
    assert sorted(ids) == sorted(p["problem_id"] for p in problems) and len(ids) == 4
    [one] = [p for p in problems if p["entry_point"] == "count_runs"]
    assert one["prompt"] == (f"{wording('count_runs')}\n\nThe function has this signature:\n\ndef count_runs(items):")
    assert isinstance(TESTS.validate_json(one["tests"]), Untested) and one["tests_kind"] == "none"
    assert interface(one["tests"], "count_runs") == "The program must define `count_runs`."
    assert (one["source"], one["source_id"]) == ("kits", "kit:kit/count_runs.py:count_runs")
    assert (one["licence"], one["origin"], one["reference"]) == ("MIT", "kit kit/count_runs.py:2", None)


def test_a_second_run_asks_and_writes_nothing(run: Run, model: WordingServer, tmp_path: Path) -> None:
    ids = run()
    versions = Lake(LakeSettings(path=str(tmp_path / "lake"))).versions()
    model.asked.clear()
    assert run() == ids
    assert not model.asked and Lake(LakeSettings(path=str(tmp_path / "lake"))).versions() == versions


def test_another_task_prompt_asks_for_tasks_alone(run: Run, model: WordingServer, tmp_path: Path) -> None:
    before = run()
    model.asked.clear()
    template = tmp_path / "other.jinja"
    template.write_text("<|user|>\nDescribe an exercise on {{ concepts }}.\nSignature:\n{{ signature }}\n")
    run(task_template=str(template))
    assert model.asked == {"task": 4}
    other = tmp_path / "concepts.jinja"
    other.write_text("<|user|>\nName concepts.\n{{ code }}\n")
    model.asked.clear()
    model.said["Tally"] = wording("Tally_again")
    ids = run(concepts_template=str(other))
    assert model.asked == {"concepts": 4, "task": 4}
    assert len(set(ids) - set(before)) == 1  # the same words make the same problem


def test_more_tasks_per_seed_ask_for_the_missing_ones(run: Run, model: WordingServer, tmp_path: Path) -> None:
    run()
    model.asked.clear()
    run(tasks=3)
    assert model.asked == {"task": 8}
    drops = rows(tmp_path / "lake", "select * from drops")
    assert [d["reason"] for d in drops] == ["near_duplicate"] * 8  # this model always says the same


def test_one_more_file_does_only_its_own_work(run: Run, model: WordingServer, checkout: Callable[..., Path]) -> None:
    few = {f"kit/{name.lower()}.py": CODE[name] for name in ("count_runs", "Tally")}
    before = run(checkout(few, where="few"))
    model.asked.clear()
    after = run()
    assert model.asked == {"concepts": 2, "task": 2}
    assert set(before) < set(after)


def test_an_answer_that_is_no_task_is_a_row_with_a_reason(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.said |= {"Tally": "I'm sorry, I cannot.", "parse_size": wording("parse_size") + " Read it from a file."}
    assert len(run()) == 2
    found = rows(
        tmp_path / "lake", "select no_text_reason as r, problem_id as p from ideas where text is null order by 1"
    )
    assert [tuple(row.values()) for row in found] == [("needs_more", None), ("refused", None)]


def test_of_two_alike_tasks_one_becomes_a_problem_and_stays(
    run: Run, model: WordingServer, tmp_path: Path, checkout: Callable[..., Path]
) -> None:
    model.said |= {name: wording("same") for name in CODE}
    assert len(run()) == 1
    drops = rows(tmp_path / "lake", "select * from drops where reason = 'near_duplicate'")
    assert len(drops) == 3
    # a problem that is there is never given up for one that comes later
    lone = checkout({"kit/tally.py": CODE["Tally"]}, where="lone")
    first = run(lone, lake="other")
    assert run(lake="other") == first


def test_what_the_template_shows_as_an_example_is_no_task(run: Run, model: WordingServer, tmp_path: Path) -> None:
    text = (ROOT / "tasks/mining/prompts/task.jinja").read_text()
    model.said["count_runs"] = text.split("<|assistant|>\n")[1].split("\n<|user|>")[0]
    assert len(run()) == 3
    [drop] = rows(tmp_path / "lake", "select * from drops")
    assert "near example 2" in drop["detail"]


def test_a_model_that_fails_in_the_middle_loses_nothing(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.stop_after = 6
    with pytest.raises(ModelError):
        run()
    assert len(rows(tmp_path / "lake", "select * from ideas")) == 6
    assert rows(tmp_path / "lake", "select * from problems") == []
    model.stop_after = None
    assert len(run()) == 4
    assert model.asked == {"concepts": 4, "task": 4}


def test_killed_in_the_middle_it_goes_on(
    run: Run, model: WordingServer, tmp_path: Path, checkout: Callable[..., Path]
) -> None:
    undisturbed = run(lake="undisturbed")
    model.asked.clear()
    _killed_after(5, model, tmp_path / "lake", checkout())
    held = len(rows(tmp_path / "lake", "select * from ideas"))
    assert run() == undisturbed
    assert contents(tmp_path / "lake") == contents(tmp_path / "undisturbed")
    assert held >= 4 and model.asked.total() <= 8 + 1  # a kill loses the answer that was not committed


def _killed_after(answers: int, model: WordingServer, lake: Path, root: Path) -> None:
    """Run the stage in a process of its own; kill -9 once the model has given so many answers in all."""
    model.hold_after = answers
    script = "import json, sys; from tests.mining.test_stage import _mine; _mine(*json.loads(sys.argv[1]))"
    command = [sys.executable, "-c", script, json.dumps([str(lake), str(root), model.url, {}])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 200
    while model.asked.total() < answers and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # for the commit of what was answered
    assert process.poll() is None, process.communicate()[1]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    model.hold_after = None


def test_sources_without_any_seed_are_one_clear_line(run: Run, checkout: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected at least one function or class .* got none \(too_short 1\)"):
        run(checkout({"a.py": "def double(x):\n    return 2 * x\n"}, where="poor"))
    assert not (tmp_path / "lake").exists()


def test_two_tasks_of_a_seed_have_names_of_their_own(run: Run, model: WordingServer, tmp_path: Path) -> None:
    model.turns = True
    assert len(run(tasks=2)) == 8
    names = rows(tmp_path / "lake", "select source_id from problems where entry_point = 'Tally' order by 1")
    assert [row["source_id"] for row in names] == ["kit:kit/tally.py:Tally", "kit:kit/tally.py:Tally#1"]
