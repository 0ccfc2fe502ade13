"""Rows of DS-1000's form become problems whose programs are text, put into the tests' template."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Job, Judged, Limits, Sandbox
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.ds1000 import convert_ds1000
from tasks.ingest.records import build_problem
from tasks.ingest.settings import FormSource
from tasks.reading.problem import Problem

CONTEXT = '''
import copy, io, tokenize


def generate_test_case(test_case_id):
    def generate_ans(data):
        return sorted(set(data))

    test_input = [[3, 1, 3], [], [2, 2]][test_case_id - 1]
    expected_result = generate_ans(copy.deepcopy(test_input))
    return test_input, expected_result


def exec_test(result, ans):
    try:
        assert result == ans
        return 1
    except:
        return 0


exec_context = r"""
import math
values = test_input
[insert]
result = answer
"""


def test_execution(solution: str):
    code = exec_context.replace("[insert]", solution)
    for i in range(3):
        test_input, expected_result = generate_test_case(i + 1)
        test_env = {"test_input": test_input}
        exec(code, test_env)
        assert exec_test(test_env["result"], expected_result)
'''
STRING = """

def test_string(solution: str):
    tokens = [t.string for t in tokenize.tokenize(io.BytesIO(solution.encode()).readline)]
    assert "for" not in tokens
"""
ROW = {
    "prompt": "Problem:\nSort without repetition.\nA:\n<code>\nvalues = [3, 1, 3]\n</code>\nanswer = ... # put solution"
    " in this variable\nBEGIN SOLUTION\n<code>\n",
    "reference_code": "answer = sorted(set(values))",
    "metadata": {"problem_id": 7, "library": "Pandas"},
    "code_context": CONTEXT + STRING,
}


def convert(**changes: object) -> Problem:
    """Return the problem of ROW with some fields changed."""
    fields = convert_ds1000({**ROW, **changes}, 1, FormSource(kind="form", form="ds1000", path="rows.jsonl"))
    references = fields.pop("references")
    assert isinstance(references, list)
    return build_problem({**fields, "reference": references[0], "source": "ds1000", "licence": "CC-BY-SA-4.0"})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of one slot, without packages."""
    with closing(open_sandbox(SandboxSettings(jobs=1, reruns=0))) as sandbox:
        yield sandbox


def judge(sandbox: Sandbox, code: str, **changes: object) -> Judged:
    """Judge a snippet by the tests of ROW."""
    problem = convert(**changes)
    job = Job("1", code, problem.context, problem.entry_point, problem.tests, Limits(cpu_s=5))  # type: ignore[arg-type]
    (judged,) = sandbox.judge([job])
    return judged


RIGHT = {
    "reference": ROW["reference_code"],
    "several lines": "seen = set(values)\nanswer = list(seen)\nanswer.sort()",
    "a function of its own": "def f(xs):\n    return sorted(set(xs)) if math else f(xs)\nanswer = f(values)",
    "changes its input": "values.sort()\nanswer = sorted(set(values))",
    "text with line breaks": "note = '''a\nb'''\nanswer = sorted(set(values))\nassert len(note) == 3",
}


@pytest.mark.parametrize("code", RIGHT.values(), ids=RIGHT)
def test_right_snippets_pass(sandbox: Sandbox, code: str) -> None:
    judged = judge(sandbox, code)
    assert judged.verdict == "passed" and len(judged.tests) == 2, judged


WRONG = {
    "wrong answer": ("answer = sorted(values)", "failed"),
    "no answer": ("pass", "error"),
    "no Python": ("answer = (", "error"),
    "exit": ("import os; os._exit(0)", "exited"),
    "sys.exit": ("raise SystemExit", "exited"),
    "against the rule on its text": ("answer = [v for v in sorted(set(values))]", "failed"),
    "equal to everything": (
        "class E(list):\n    def __eq__(self, other): return True\nanswer = E()", "failed",
    ),
    "the expected value of the caller": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n    if 'expected_result' in frame.f_locals:\n"
        "        answer = frame.f_locals['expected_result']\n    frame = frame.f_back", "failed",
    ),
    "another runner": (
        "import solution\nsolution.run_solution = lambda *a: {'result': [1, 3]}\nanswer = None", "failed",
    ),
    "a text that it has not": (
        "import solution\nsolution.solution_text = 'x'\nanswer = [v for v in sorted(set(values))]", "failed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "verdict"), WRONG.values(), ids=WRONG)
def test_wrong_snippets_do_not(sandbox: Sandbox, code: str, verdict: str) -> None:
    assert judge(sandbox, code).verdict == verdict


@pytest.mark.parametrize(
    ("code", "place"),
    [("x = 1\nanswer = 1 / 0", "at line 2: answer = 1 / 0"), ("x = 1\nanswer = (", "at line 2: answer = (")],
    ids=["raised", "no Python"],
)
def test_feedback_counts_lines_as_the_snippet_does(sandbox: Sandbox, code: str, place: str) -> None:
    assert place in judge(sandbox, code).feedback


def test_the_prompt_ends_with_what_to_write_and_never_shows_the_answer_of_the_tests() -> None:
    problem = convert()
    assert "BEGIN SOLUTION" not in problem.prompt and "generate_ans" not in problem.prompt
    assert problem.prompt.startswith("Problem:\nSort") and "in one Python code block" in problem.prompt
    assert problem.source_id == "7" and problem.reference == ROW["reference_code"]


def test_metadata_may_be_json_text_and_tests_without_a_rule_on_the_text_are_one() -> None:
    problem = convert(metadata=json.dumps({"problem_id": 12}), code_context=CONTEXT)
    assert problem.source_id == "12" and "test_string" not in problem.tests.model_dump()["code"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"metadata": {}}, "metadata.problem_id", id="no id"),
        pytest.param({"code_context": "def test(: pass"}, "defines generate_test_case", id="no Python"),
        pytest.param({"code_context": "def generate_test_case(n): pass"}, "defines test_execution", id="other tests"),
        pytest.param(
            {"code_context": "def generate_test_case(n): pass\ndef test_execution(s): pass"},
            "reads no result",
            id="no result",
        ),
        pytest.param({"reference_code": None}, "reference_code", id="no reference"),
    ],
)
def test_rows_of_another_form_are_refused_with_the_field(changes: dict[str, object], why: str) -> None:
    with pytest.raises(UnusableRecordError, match=why):
        convert(**changes)
