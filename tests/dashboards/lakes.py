"""A small lake in which every page has something to show, and texts that would be markup if anybody let them."""

import json
from datetime import UTC, datetime
from pathlib import Path

from storage import tables as t
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.lake import Lake, LakeSettings
from tests.builders import row

EVIL = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
LINKS = "![a](http://evil.example/a.png) [b](javascript:window.pwned=1) :red[c] $x$ :material/home:"
BAD = f"{EVIL} {LINKS} \"'`</pre></table></details></style>"
RIGHT = "def double(n):\n    return n + n\n"
WRONG = f"def double(n):\n    # {BAD}\n    return n * n\n"
NAMES = ("double", "never", "untouched")
OWN = {"bucket": 0, "problem_id": "double"}
RUN = {"run_id": "run-1", "created_at": datetime(2026, 11, 1, tzinfo=UTC)}


def empty_lake(path: Path) -> Path:
    """A lake with no row."""
    Lake(LakeSettings(path=str(path), buckets=1)).append(t.PROBLEMS, [])
    assert Lake(LakeSettings(path=str(path), buckets=1)).buckets == 1
    return path


def small_lake(path: Path) -> Path:
    """Three problems: one mended, one never solved, one nobody tried."""
    lake = Lake(LakeSettings(path=str(path), buckets=1))
    lake.append(t.PROBLEMS, [
        row(t.PROBLEMS, problem_id=name, source=f"s{BAD}", source_id=f"{name} {BAD}", prompt=f"Write {name}. {BAD}",
            tests_kind="asserts", tests=json.dumps({"kind": "asserts", "asserts": [BAD]}), reference=RIGHT, origin=BAD,
            licence="MIT")
        for name in NAMES
    ])  # fmt: skip
    _programs(lake)
    _matrix(lake)
    _timings(lake)
    _datasets(lake)
    return path


def _programs(lake: Lake) -> None:
    model = {
        "model": f"m{BAD}",
        "template": "chat@1",
        "recipe_id": "r",
        "sampling": '{"temperature": 1.0}',
        "bucket": 0,
    }
    firsts = {
        "wrong": ("double", WRONG), "right": ("double", RIGHT), "none": ("double", None), "lost": ("never", WRONG),
    }  # fmt: skip
    lake.append(t.ATTEMPTS, [
        row(t.ATTEMPTS, attempt_id="ref", problem_id="double", kind="reference", model="reference", code=RIGHT),
        *(row(t.ATTEMPTS, attempt_id=name, problem_id=problem, kind="generate", code=code, sample_index=n,
              no_code_reason=None if code else "no_fence", completion=BAD, prompt_tokens=10, **model)
          for n, (name, (problem, code)) in enumerate(firsts.items())),
        row(t.ATTEMPTS, attempt_id="mended", problem_id="double", kind="repair", round=1, parent_attempt_id="wrong",
            diagnosis_id="d", code=RIGHT, **{**model, "recipe_id": "fix"}),
    ])  # fmt: skip
    lake.append(t.DIAGNOSES, [
        row(t.DIAGNOSES, diagnosis_id="d", attempt_id="wrong", explanation=f"It squares. {BAD}", model="teacher", **OWN)
    ])  # fmt: skip
    failed = [{"test": BAD, "verdict": "failed", "message": BAD}]
    verdicts = {"ref": "passed", "wrong": "failed", "right": "passed", "none": "no_code", "mended": "passed"}
    judged = [
        row(t.EXECUTIONS, attempt_id=name, suite="given", suite_id="g", verdict=verdict, total_tests=1,
            passed_tests=int(verdict == "passed"), tests=failed if verdict == "failed" else [], cpu_ms=3.0,
            feedback=BAD if verdict == "failed" else "", flags=["tampered"] if name == "wrong" else [], **OWN, **RUN)
        for name, verdict in verdicts.items()
    ]  # fmt: skip
    lake.append(t.EXECUTIONS, judged)
    lake.append(
        t.DROPS, [row(t.DROPS, stage=f"assemble {BAD}", row_id="none", reason=f"no_code {BAD}", detail=BAD, **OWN)]
    )
    killed = {"kept": False, "gone": True}
    lake.append(t.MUTANTS, [
        row(t.MUTANTS, mutant_id=name, suite_id="g", attempt_id="ref", operator=BAD, code=WRONG, killed=dead, **OWN)
        for name, dead in killed.items()
    ])  # fmt: skip


def _matrix(lake: Lake) -> None:
    said = {"t1": f"assert double(1) == 2  # {BAD}", "t2": "assert double(2) == 4"}
    lake.append(t.TESTS, [row(t.TESTS, test_id=name, test=test, **OWN) for name, test in said.items()])
    lake.append(t.TESTS, [row(t.TESTS, test_id="t3", no_test_reason=BAD, **OWN)])
    passes = {"wrong": ("failed", "passed"), "right": ("passed", "passed")}
    lake.append(t.EXECUTIONS, [
        row(t.EXECUTIONS, attempt_id=name, suite="generated", suite_id="x", verdict="failed", **OWN, **RUN, tests=[
            {"test": test, "verdict": told, "message": ""} for test, told in zip(said.values(), found, strict=True)
        ])
        for name, found in passes.items()
    ])  # fmt: skip
    values = {"self_validation@1": (0.2, 1.0), "ground_truth@1": (0.0, 1.0)}
    matrix = {"matrix_id": "m", **OWN}
    lake.append(t.SCORES, [
        row(t.SCORES, attempt_id=name, scorer=scorer, value=value, **matrix)
        for scorer, both in values.items()
        for name, value in zip(("wrong", "right"), both, strict=True)
    ])  # fmt: skip
    lake.append(t.RANKINGS, [
        row(t.RANKINGS, scorer=scorer, programs=2, tests=2, constant_tests=1, change=[0.5, 0.1], **matrix)
        for scorer in values
    ])  # fmt: skip
    lake.append(t.TEST_SCORES, [
        row(t.TEST_SCORES, test_id="t1", scorer="self_validation@1", value=1.0, passed=1, programs=2, **matrix),
        row(t.TEST_SCORES, test_id="t2", scorer="self_validation@1", value=None, passed=2, programs=2, **matrix),
    ])  # fmt: skip


def _timings(lake: Lake) -> None:
    lake.append(t.INPUTS, [row(t.INPUTS, input_id="i", test_id="t1", scale=10, programs=2, agreeing=2, **OWN)])
    lake.append(t.TIMINGS, [
        row(t.TIMINGS, attempt_id=name, input_id="i", repeat=n, verdict="passed", agreed=True, cpu_ms=ms + n, **OWN)
        for name, ms in {"right": 1.0, "mended": 3.0}.items()
        for n in range(3)
    ])  # fmt: skip


def _datasets(lake: Lake) -> None:
    named = {**OWN, "source": f"s{BAD}", "source_id": f"double {BAD}", "model": f"m{BAD}"}
    lake.append(DEBUGGING_SFT, [row(DEBUGGING_SFT, example_id="e", form="repair", **named)])
    pair = {
        **named, "prompt": [{"role": "user", "content": BAD}], "chosen_code": RIGHT, "rejected_code": WRONG, "gap": 0.8,
        "chosen_attempt_id": "right", "rejected_attempt_id": "wrong", "chosen_passes": True, "rejected_passes": False,
        "scorer": "self_validation@1", "chosen_score": 1.0, "rejected_score": 0.2,
        "verdicts": [{"test": BAD, "chosen": "passed", "rejected": "failed"}],
    }  # fmt: skip
    lake.append(PREFERENCE_CORRECTNESS, [row(PREFERENCE_CORRECTNESS, example_id="c", **pair)])
    slower = {**pair, "rejected_attempt_id": "mended", "ratio": 2.5, "ratio_low": 2.0, "ratio_high": 3.0}
    lake.append(PREFERENCE_EFFICIENCY, [row(PREFERENCE_EFFICIENCY, example_id="f", **slower)])
    lake.append(PREFERENCE_KTO, [row(PREFERENCE_KTO, example_id="k", label=True, passes=True, scorer="x", **named)])
