"""A small lake in which every page has something to show, with texts that try to be markup."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage import tables as t
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.lake import Lake, LakeSettings
from tests.builders import row

HTML = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
MARKDOWN = "![a](http://evil.example/a.png) [b](javascript:window.pwned=1) :red[c] $x$ :material/home:"
EVIL = f"{HTML} {MARKDOWN} \"'`</pre></table></details></style>"
RIGHT = "def double(n):\n    return n + n\n"
WRONG = f"def double(n):\n    # {EVIL}\n    return n * n\n"
NAMES = ("double", "never", "untouched")
DOUBLE: dict[str, Any] = {"bucket": 0, "problem_id": "double"}
RUN: dict[str, Any] = {"run_id": "run-1", "created_at": datetime(2026, 11, 1, tzinfo=UTC)}
MODEL: dict[str, Any] = {
    "model": f"m{EVIL}",
    "template": "chat@1",
    "recipe_id": "r",
    "sampling": '{"temperature": 1.0}',
    "bucket": 0,
}


def write_empty_lake(path: Path) -> Path:
    """Write a lake without rows."""
    Lake(LakeSettings(path=str(path), buckets=1)).append(t.PROBLEMS, [])
    assert Lake(LakeSettings(path=str(path), buckets=1)).buckets == 1
    return path


def write_small_lake(path: Path) -> Path:
    """Write a lake of three problems: one repaired, one never solved, one never tried."""
    lake = Lake(LakeSettings(path=str(path), buckets=1))
    tests = json.dumps({"kind": "asserts", "asserts": [EVIL]})
    lake.append(t.PROBLEMS, [
        row(t.PROBLEMS, problem_id=name, source=f"s{EVIL}", source_id=f"{name} {EVIL}", licence="MIT", origin=EVIL,
            prompt=f"Write {name}. {EVIL}", tests_kind="asserts", tests=tests, reference=RIGHT)
        for name in NAMES
    ])  # fmt: skip
    _write_attempts(lake)
    _write_verdicts(lake)
    _write_drops_and_mutants(lake)
    _write_generated_tests(lake)
    _write_scores(lake)
    _write_timings(lake)
    _write_datasets(lake)
    return path


def _write_attempts(lake: Lake) -> None:
    codes: dict[str, tuple[str, str | None]] = {
        "wrong": ("double", WRONG),
        "right": ("double", RIGHT),
        "none": ("double", None),
        "lost": ("never", WRONG),
    }
    firsts = [
        row(t.ATTEMPTS, attempt_id=name, problem_id=problem, kind="generate", code=code, sample_index=place,
            no_code_reason=None if code else "no_fence", completion=EVIL, prompt_tokens=10, **MODEL)
        for place, (name, (problem, code)) in enumerate(codes.items())
    ]  # fmt: skip
    repair = row(
        t.ATTEMPTS, attempt_id="repaired", problem_id="double", kind="repair", round=1, parent_attempt_id="wrong",
        diagnosis_id="d", code=RIGHT, **{**MODEL, "recipe_id": "fix"},
    )  # fmt: skip
    reference = row(t.ATTEMPTS, attempt_id="ref", kind="reference", model="reference", code=RIGHT, **DOUBLE)
    lake.append(t.ATTEMPTS, [reference, *firsts, repair])
    explanation = f"It squares. {EVIL}"
    lake.append(t.DIAGNOSES, [
        row(t.DIAGNOSES, diagnosis_id="d", attempt_id="wrong", explanation=explanation, model="teacher", **DOUBLE)
    ])  # fmt: skip


def _write_verdicts(lake: Lake) -> None:
    verdicts = {"ref": "passed", "wrong": "failed", "right": "passed", "none": "no_code", "repaired": "passed"}
    failed_test = {"test": EVIL, "verdict": "failed", "message": EVIL}
    lake.append(t.EXECUTIONS, [
        row(t.EXECUTIONS, attempt_id=name, suite="given", suite_id="g", verdict=verdict, total_tests=1, cpu_ms=3.0,
            passed_tests=int(verdict == "passed"), tests=[failed_test] if verdict == "failed" else [],
            feedback=EVIL if verdict == "failed" else "", flags=["tampered"] if name == "wrong" else [],
            **DOUBLE, **RUN)
        for name, verdict in verdicts.items()
    ])  # fmt: skip


def _write_drops_and_mutants(lake: Lake) -> None:
    drop = row(t.DROPS, stage=f"assemble {EVIL}", row_id="none", reason=f"no_code {EVIL}", detail=EVIL, **DOUBLE)
    lake.append(t.DROPS, [drop])
    lake.append(t.MUTANTS, [
        row(t.MUTANTS, mutant_id=name, suite_id="g", attempt_id="ref", operator=EVIL, code=WRONG, killed=killed,
            **DOUBLE)
        for name, killed in {"survivor": False, "victim": True}.items()
    ])  # fmt: skip


def _write_generated_tests(lake: Lake) -> None:
    tests = {"t1": f"assert double(1) == 2  # {EVIL}", "t2": "assert double(2) == 4"}
    lake.append(t.TESTS, [row(t.TESTS, test_id=name, test=test, **DOUBLE) for name, test in tests.items()])
    lake.append(t.TESTS, [row(t.TESTS, test_id="t3", no_test_reason=EVIL, **DOUBLE)])
    verdicts = {"wrong": ("failed", "passed"), "right": ("passed", "passed")}
    lake.append(t.EXECUTIONS, [
        row(t.EXECUTIONS, attempt_id=name, suite="generated", suite_id="x", verdict="failed", **DOUBLE, **RUN, tests=[
            {"test": test, "verdict": verdict, "message": ""}
            for test, verdict in zip(tests.values(), verdicts_of_program, strict=True)
        ])
        for name, verdicts_of_program in verdicts.items()
    ])  # fmt: skip


def _write_scores(lake: Lake) -> None:
    values = {"self_validation@1": (0.2, 1.0), "ground_truth@1": (0.0, 1.0)}
    matrix = {"matrix_id": "m", **DOUBLE}
    lake.append(t.SCORES, [
        row(t.SCORES, attempt_id=name, scorer=scorer, value=value, **matrix)
        for scorer, values_of_programs in values.items()
        for name, value in zip(("wrong", "right"), values_of_programs, strict=True)
    ])  # fmt: skip
    lake.append(t.RANKINGS, [
        row(t.RANKINGS, scorer=scorer, programs=2, tests=2, constant_tests=1, change=[0.5, 0.1], **matrix)
        for scorer in values
    ])  # fmt: skip
    lake.append(t.TEST_SCORES, [
        row(t.TEST_SCORES, test_id="t1", scorer="self_validation@1", value=1.0, passed=1, programs=2, **matrix),
        row(t.TEST_SCORES, test_id="t2", scorer="self_validation@1", value=None, passed=2, programs=2, **matrix),
    ])  # fmt: skip


def _write_timings(lake: Lake) -> None:
    lake.append(t.INPUTS, [row(t.INPUTS, input_id="i", test_id="t1", scale=10, programs=2, agreeing=2, **DOUBLE)])
    lake.append(t.TIMINGS, [
        row(t.TIMINGS, attempt_id=name, input_id="i", repeat=repeat, verdict="passed", agreed=True,
            cpu_ms=fastest_ms + repeat, **DOUBLE)
        for name, fastest_ms in {"right": 1.0, "repaired": 3.0}.items()
        for repeat in range(3)
    ])  # fmt: skip


def _write_datasets(lake: Lake) -> None:
    example = {**DOUBLE, "source": f"s{EVIL}", "source_id": f"double {EVIL}", "model": f"m{EVIL}"}
    lake.append(DEBUGGING_SFT, [row(DEBUGGING_SFT, example_id="e", form="repair", **example)])
    pair = {
        **example, "prompt": [{"role": "user", "content": EVIL}], "chosen_code": RIGHT, "rejected_code": WRONG,
        "chosen_attempt_id": "right", "rejected_attempt_id": "wrong", "chosen_passes": True, "rejected_passes": False,
        "scorer": "self_validation@1", "gap": 0.8, "chosen_score": 1.0, "rejected_score": 0.2,
        "verdicts": [{"test": EVIL, "chosen": "passed", "rejected": "failed"}],
    }  # fmt: skip
    lake.append(PREFERENCE_CORRECTNESS, [row(PREFERENCE_CORRECTNESS, example_id="c", **pair)])
    slower = {**pair, "rejected_attempt_id": "repaired", "ratio": 2.5, "ratio_low": 2.0, "ratio_high": 3.0}
    lake.append(PREFERENCE_EFFICIENCY, [row(PREFERENCE_EFFICIENCY, example_id="f", **slower)])
    single = row(PREFERENCE_KTO, example_id="k", label=True, passes=True, scorer="x", **example)
    lake.append(PREFERENCE_KTO, [single])
