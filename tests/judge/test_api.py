"""The public functions: one program by a call, many by a `Judge`, clear errors for wrong arguments."""

import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from judge import (
    ArgumentError,
    Asserts,
    AuditError,
    Call,
    Calls,
    Check,
    Job,
    Judge,
    JudgeError,
    Limits,
    SandboxError,
    SandboxSettingError,
    StdioCase,
    judge,
)
from judge.backends.base import SandboxCheck
from judge.factory import SandboxSettings

ROOT = Path(__file__).parents[2]
ADD = "def add(a, b): return a + b"


def test_a_call_judges_one_program_with_its_context_entry_point_and_limits() -> None:
    tests = Calls(cases=(Call(args=(1, 2), expected=3), Call(args=(2, 2), expected=5)))
    result = judge(
        "def add(a, b): return plus(a, b)", tests, entry_point="add", context="from operator import add as plus"
    )
    assert (result.verdict, [test.verdict for test in result.tests]) == ("failed", ["passed", "failed"])
    assert judge("while True: pass", ["assert True"], limits=Limits(cpu_s=0.2)).verdict == "timeout"


def test_a_judge_serves_many_programs_and_yields_every_job_once() -> None:
    tests = Asserts(asserts=("assert add(1, 2) == 3",))
    with Judge(jobs=2, reruns=0, limits=Limits(cpu_s=0.2)) as open_judge:
        assert open_judge.judge(ADD, ["assert add(1, 2) == 3"]).verdict == "passed"
        assert open_judge.judge("while True: pass", ["assert True"]).verdict == "timeout"
        jobs = (Job(str(n), f"def add(a, b): return a + {n}", "", "add", tests, Limits()) for n in range(8))
        verdicts = {judged.job_id: judged.verdict for judged in open_judge.judge_jobs(jobs)}
    assert verdicts == {str(n): "passed" if n == 2 else "failed" for n in range(8)}


@pytest.mark.parametrize(
    ("arguments", "argument", "message"),
    [
        pytest.param({"tests": []}, "tests", "at least one assert statement, got none", id="no tests"),
        pytest.param({"tests": "assert 1"}, "tests", r"got one string; fix: .*tests=\[\"assert 1\"\]", id="one string"),
        pytest.param({"tests": [1]}, "tests", "expected assert statements as text, got int", id="a number among tests"),
        pytest.param({"tests": None}, "tests", "one of Asserts, .*UnitTest, got NoneType", id="None"),
        pytest.param(
            {"tests": StdioCase(input="", output="")}, "tests", "one of Asserts, .*got StdioCase", id="a case"
        ),
        pytest.param({"code": None}, "code", "the program's text, got NoneType", id="no program"),
        pytest.param({"context": 1}, "context", "before the program, got int", id="context"),
        pytest.param({"limits": {"cpu_s": 1}}, "limits", "expected Limits, got dict", id="limits as a dict"),
        pytest.param({"entry_point": len}, "entry_point", "the name of a function", id="a function, not its name"),
        pytest.param({"tests": Check(code="")}, "entry_point", "that Check calls, got None", id="no entry point"),
    ],
)
def test_a_wrong_argument_is_named_with_expected_got_and_fix(
    arguments: dict[str, object], argument: str, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        judge(**{"code": ADD, "tests": ["assert True"], **arguments})  # type: ignore[arg-type]
    assert caught.value.argument == argument and caught.value.fix != ""


@pytest.mark.parametrize(
    ("settings", "setting", "message"),
    [
        pytest.param({"backend": "podman"}, "backend", "'docker' or 'bubblewrap', got 'podman'", id="backend"),
        pytest.param({"jobs": 0}, "jobs", "greater than or equal to 1, got 0", id="jobs"),
        pytest.param({"preload": ["not a module"]}, "preload.0", "got 'not a module'", id="preload"),
        pytest.param({"packages": "/no/such/folder"}, "packages", "fix: .*-m venv", id="packages"),
    ],
)
def test_a_wrong_setting_is_named_with_expected_and_got(
    settings: dict[str, object], setting: str, message: str
) -> None:
    with pytest.raises(SandboxSettingError, match=message) as caught:
        Judge(**settings)  # type: ignore[arg-type]
    assert caught.value.setting == setting


def test_the_settings_of_a_judge_are_those_of_the_sandbox_with_the_same_defaults() -> None:
    parameters = inspect.signature(Judge).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    assert defaults == {name: field.default for name, field in SandboxSettings.model_fields.items()} | {"limits": None}


ERRORS = [
    SandboxError("no sandbox", fix="install one", checks=[SandboxCheck("bwrap", False, "not found", "install it")]),
    SandboxSettingError("packages: none", fix="name some", setting="packages"),
    ArgumentError("tests: none", fix="pass some", argument="tests"),
    AuditError("wrong verdicts", fix="judge nothing", backend="bubblewrap"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_its_fix_and_keeps_its_fields_between_processes(error: JudgeError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == f"{error.problem}; fix: {error.fix}"
    assert vars(copy) == vars(error)


def test_importing_the_judge_imports_nothing_else_of_patchmill_and_no_heavy_library() -> None:
    script = "import sys, judge, judge.audit; print(*{name.split('.')[0] for name in sys.modules})"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    unwanted = {"storage", "tasks", "flows", "cli", "patchmill", "dashboards"}
    unwanted |= {"prefect", "duckdb", "pyarrow", "docker", "deltalake", "numpy", "datasets", "requests", "httpx"}
    assert set(output.split()) & unwanted == set()
