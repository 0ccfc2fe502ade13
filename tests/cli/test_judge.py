"""`patchmill judge` on files: what its lines hold, and what its options change."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CommandOutput, RunCommand

ADD: dict[str, object] = {
    "source": "t", "source_id": "add", "prompt": "Add.", "entry_point": "add", "licence": "MIT",
    "tests": {"kind": "asserts", "asserts": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]},
}  # fmt: skip
RIGHT, WRONG = "def add(a, b): return a + b", "def add(a, b): return a - b"


def write_lines(path: Path, lines: list[dict[str, object]]) -> Path:
    """Write lines of JSON as Python writes them, so that NaN is no error."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


class Judge:
    """Run the command on problems and programs; the verdict lines by id."""

    def __init__(self, run: RunCommand, folder: Path) -> None:
        self._run, self._folder = run, folder
        self.output = CommandOutput(0, "", "")

    def __call__(
        self, problem: dict[str, object], codes: list[str], *options: object, **extra: object
    ) -> list[dict[str, object]]:
        problems = write_lines(self._folder / "p.jsonl", [problem])
        lines = [
            {"id": str(n), "source_id": problem["source_id"], "code": code, **extra} for n, code in enumerate(codes)
        ]
        solutions = write_lines(self._folder / "s.jsonl", lines)
        arguments = ("judge", problems, solutions, "--backend", "bubblewrap", "--jobs", "1")
        self.output = self._run(*arguments, *options)
        assert self.output.exit_code == 0, self.output.stderr
        return [json.loads(line) for line in self.output.stdout.splitlines()]


@pytest.fixture
def judge(run_command: RunCommand, tmp_path: Path) -> Judge:
    """judge(problem, codes, *options) -> the verdict lines."""
    return Judge(run_command, tmp_path)


def test_a_line_has_feedback_flags_evidence_and_isolation(judge: Judge) -> None:
    right, wrong = judge(ADD, [RIGHT, WRONG])
    assert (right["verdict"], right["feedback"], right["flags"], right["isolation"]) == ("passed", "", [], "separate")
    assert wrong["verdict"] == "failed" and "got -1, expected 3" in str(wrong["feedback"])
    assert isinstance(right["evidence"], dict) and {"cgroup", "retries"} <= right["evidence"].keys()


def test_any_setting_of_the_sandbox_can_be_set(judge: Judge) -> None:
    (line,) = judge(ADD, ["while True: pass"], "--set", "limits.cpu_s=0.2")
    assert line["verdict"] == "timeout" and "0.2 s" in str(line["feedback"])


@pytest.mark.parametrize("preload", [[], ["--preload", "helper"]], ids=["imported", "preloaded"])
def test_programs_have_the_packages_of_a_folder(judge: Judge, tmp_path: Path, preload: list[str]) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "helper.py").write_text("def total(*values): return sum(values)")
    for folder in (packages, *packages.parents[:-2]):
        folder.chmod(0o755)  # the sandbox's user must be able to read it
    code = "import helper\ndef add(a, b): return helper.total(a, b)"
    (line,) = judge(ADD, [code], "--packages", packages, *preload)
    assert line["verdict"] == "passed", line
    (line,) = judge(ADD, [code])
    assert line["exception_type"] == "ModuleNotFoundError"


def test_nan_and_infinity_are_read_and_judged_as_they_are(judge: Judge) -> None:
    cases = [
        {"args": [float("nan")], "expected": True},
        {"args": [float("inf")], "expected": float("nan")},
        {"args": [-1.0], "expected": float("-inf")},
    ]
    problem = {**ADD, "entry_point": "f", "tests": {"kind": "calls", "cases": cases}}
    code = "import math\ndef f(x):\n    if math.isnan(x): return True\n    return math.nan if x > 0 else -math.inf"
    right, wrong = judge(problem, [code, "def f(x): return None"], score=float("nan"))
    assert right["verdict"] == "passed", right
    assert wrong["verdict"] == "failed"
    assert "p.jsonl:1: holds NaN or an infinity" in judge.output.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        pytest.param(["--set", "limit=3"], "--limit: unknown setting; known here: backend", id="unknown setting"),
        pytest.param(["--set", "limits.cpu_s=x"], "--limits.cpu_s: ", id="wrong value"),
        pytest.param(["--packages", "/no/such"], "packages: no folder /no/such", id="no packages"),
        pytest.param(["--preload", "a b"], "--preload.0: ", id="no module"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_expected(
    run_command: RunCommand, tmp_path: Path, options: list[str], fragment: str
) -> None:
    problems = write_lines(tmp_path / "p.jsonl", [ADD])
    solutions = write_lines(tmp_path / "s.jsonl", [{"id": "1", "source_id": "add", "code": RIGHT}])
    output = run_command("judge", problems, solutions, "--backend", "bubblewrap", *options)
    assert output.exit_code == 2 and fragment in output.stderr, output.stderr


STACK = "class Stack(list):\n    def push(self, x): self.append(x)"
LIAR = "class Stack:\n    def push(self, x): pass\n    def __eq__(self, other): return True"
CLASSES = {
    **ADD, "source_id": "stack", "entry_point": "Stack", "reference": STACK,
    "tests": {
        "kind": "asserts",
        "asserts": ["s = Stack()\ns.push(1)\nassert s == [1]", "assert type(Stack()).__name__ == 'Stack'"],
    },
}  # fmt: skip


def test_the_reference_shows_how_a_problem_is_judged(judge: Judge) -> None:
    right, liar = judge(CLASSES, [STACK, LIAR])
    assert (right["verdict"], right["isolation"]) == ("passed", "native"), right
    assert liar["verdict"] == "failed" and liar["flags"] == ["tampered"], liar


def test_a_reference_that_fails_is_named_and_left_out_of_account(judge: Judge) -> None:
    (line,) = judge({**ADD, "reference": WRONG}, [RIGHT])
    assert line["verdict"] == "passed"
    assert "add: its reference gets failed" in judge.output.stderr.replace("\n", " ")
