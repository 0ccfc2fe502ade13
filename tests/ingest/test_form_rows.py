"""Rows of every named form become problems whose references pass, or drops with a reason."""

import base64
import json
import pickle
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Calls, Stdio, Untested
from judge.protocol import Job, Judged, Limits, Sandbox
from tasks.ingest.dropped import DroppedRecord
from tasks.reading.problem import Problem
from tests.ingest.form_rows import ADD, LCB_STARTER, PROGRAM, ROWS, STDIN
from tests.ingest.sources import Read, Records, WriteJsonl, narrow_tests

ReadForm = Callable[..., Records]
WRONG = "def add(*_):\n    return 7\n\n\nclass Solution:\n    add = push = add\n\n\ndef largest(xs):\n    return 0\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of two slots."""
    with closing(open_sandbox(SandboxSettings(jobs=2, reruns=0))) as sandbox:
        yield sandbox


@pytest.fixture
def read_form(read: Read, jsonl: WriteJsonl) -> ReadForm:
    """Read rows of a form."""

    def write_and_read(form: str, *rows: Mapping[str, object], **settings: object) -> Records:
        return read(kind="form", form=form, path=str(jsonl(*rows, name="rows.jsonl")), **settings)

    return write_and_read


def judge(sandbox: Sandbox, problem: Problem, code: str) -> Judged:
    """Judge a program by the tests of a problem."""
    assert not isinstance(problem.tests, Untested)
    (judged,) = sandbox.judge([Job("1", code, problem.context, problem.entry_point, problem.tests, Limits(cpu_s=5))])
    return judged


@pytest.mark.parametrize("case", ROWS)
def test_a_row_becomes_a_problem_whose_reference_passes(read_form: ReadForm, sandbox: Sandbox, case: str) -> None:
    form, row, kind, entry_point = ROWS[case]
    (problem,), drops = read_form(form, row)
    assert (drops, problem.source, problem.entry_point) == ([], form, entry_point)
    narrow_tests(problem, kind)
    assert problem.licence and problem.origin and problem.prompt
    wrong = (
        "def add(a, b):\n    return 7\n\n\nclass Solution:\n    add = push = add\n\n\ndef largest(xs):\n    return 0\n"
    )
    assert judge(sandbox, problem, wrong).verdict != "passed"
    if problem.reference is not None:
        judged = judge(sandbox, problem, problem.reference)
        assert judged.verdict == "passed", judged.feedback
    else:
        assert form in ("livecodebench", "verl")


def test_reading_twice_gives_the_same_ids(read_form: ReadForm) -> None:
    for form, row, _, _ in ROWS.values():
        first, again = (read_form(form, row)[0][0] for _ in range(2))
        assert first.problem_id == again.problem_id


def test_prompts_say_what_the_program_must_define(read_form: ReadForm) -> None:
    prompts = {case: read_form(form, row)[0][0].prompt for case, (form, row, _, _) in ROWS.items()}
    assert prompts["apps on standard input"].endswith("reads standard input and writes standard output.")
    assert LCB_STARTER.strip() in prompts["livecodebench with a method"]
    assert "def add(a, b):" in prompts["kodcode"]
    assert prompts["verl with inputs and outputs"] == "Add."
    assert "return min(xs)" in prompts["humanevalfix"]


def test_equal_cases_of_codecontests_are_one_and_both_shapes_of_records_are_read(read_form: ReadForm) -> None:
    row = ROWS["codecontests"][1]
    records = {
        "public_tests": [{"input": "1 2\n", "output": "3\n"}],
        "solutions": [{"language": 3, "solution": PROGRAM}],
    }
    (columns,), _ = read_form("codecontests", row)
    (objects,), _ = read_form("codecontests", {**row, **records})
    assert columns.problem_id == objects.problem_id
    assert [case.input for case in narrow_tests(columns, Stdio).cases] == ["1 2\n", "2 2\n"]


def test_several_solutions_are_kept_in_order_as_many_as_asked_for(read_form: ReadForm) -> None:
    codes = ["print 'Python 2'", "print(0)", PROGRAM, "print(0)", "print(9)"]
    row = {**ROWS["apps on standard input"][1], "solutions": codes}
    (problem,), _ = read_form("apps", row, references=2)
    assert (problem.reference, problem.alternatives) == ("print(0)", (PROGRAM,))


def test_an_answer_that_failed_a_test_of_opencodeinstruct_is_no_reference(read_form: ReadForm) -> None:
    row = {**ROWS["opencodeinstruct"][1], "tests_execution_status": '["pass", "fail"]', "average_test_score": "0.5"}
    (problem,), _ = read_form("opencodeinstruct", row)
    assert problem.reference is None


INPUTS_OF_CALLS: dict[str, tuple[list[object], list[object], list[list[object]], list[object]]] = {
    "a list per call": ([[1, 2]], [3], [[1, 2]], [3]),
    "results in lists of one": ([[1], [2]], [[3], [4]], [[1], [2]], [3, 4]),
    "JSON text, an argument a line": (["[1]\n2"], ["[3]"], [[[1], 2]], [[3]]),
    "text that is no JSON": (["ab", "12"], ["AB", "12"], [["ab"], ["12"]], ["AB", "12"]),
    "a value that is no list": ([5], [6], [[5]], [6]),
}


@pytest.mark.parametrize("case", INPUTS_OF_CALLS)
def test_arguments_are_read_in_every_way_that_rows_write_them(read_form: ReadForm, case: str) -> None:
    inputs, outputs, arguments, results = INPUTS_OF_CALLS[case]
    tests = {"fn_name": "f", "inputs": inputs, "outputs": outputs}
    (problem,), drops = read_form("taco", {"question": "Do.", "input_output": json.dumps(tests)})
    cases = narrow_tests(problem, Calls).cases
    if case == "JSON text, an argument a line":
        results = [3]  # the only result is a list of one, as APPS writes results
    assert ([list(c.args) for c in cases], [c.expected for c in cases], drops) == (arguments, results, [])


BAD_ROWS: dict[str, tuple[str, dict[str, object], str]] = {
    "no tests": ("taco", {"question": "x", "input_output": ""}, "missing_field"),
    "no cases": ("taco", {"question": "x", "input_output": '{"inputs": [], "outputs": []}'}, "no_tests"),
    "broken JSON": ("apps", {"question": "x", "input_output": '{"inputs": ['}, "not_json"),
    "no question": ("taco", {"input_output": json.dumps(STDIN)}, "missing_field"),
    "unequal lists": ("taco", {"question": "x", "input_output": {"inputs": ["1"], "outputs": []}}, "bad_tests"),
    "reads a file": ("codecontests", {**ROWS["codecontests"][1], "input_file": "in.txt"}, "unsupported_tests"),
    "calls nobody names": (
        "livecodebench",
        {**ROWS["livecodebench with a method"][1], "metadata": "{}", "starter_code": ""},
        "no_entry_point",
    ),
    "interactive": (
        "deepcoder",
        {"problem": "x", "tests": [{"input": "", "output": "", "type": "interactive"}]},
        "unsupported_tests",
    ),
    "unknown shape of a reward": ("verl", {"prompt": "x", "reward_model": {"ground_truth": '{"a": 1}'}}, "bad_tests"),
    "no ground truth": ("verl", {"prompt": "x", "reward_model": {"style": "rule"}}, "missing_field"),
    "other language": ("humanevalfix", {**ROWS["humanevalfix"][1], "task_id": "CPP/0"}, "other_language"),
    "assert that is no Python": ("acecode", {"question": "x", "test_cases": ["assert ("]}, "bad_tests"),
    "asserts of nothing": ("acecode", {"question": "x", "test_cases": ["add(1, 2)"]}, "no_tests"),
    "asserts of no function": ("acecode", {"question": "x", "test_cases": ["assert 1 == 1"]}, "no_entry_point"),
    "written-out test code": ("mbppplus", {"task_id": 2, "code": ADD, "test": "assertion()"}, "unsupported_tests"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_an_unusable_row_is_dropped_with_its_reason_and_the_next_is_read(read_form: ReadForm, case: str) -> None:
    form, row, reason = BAD_ROWS[case]
    good = next(row for name, row, _, _ in ROWS.values() if name == form) if form != "mbppplus" else row
    problems, drops = read_form(form, row, good)
    assert drops[0].reason == reason and drops[0].detail and drops[0].where == "rows.jsonl:1"
    assert len(problems) == (form != "mbppplus")


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was loaded",))


UNSAFE = {
    "code": pickle.dumps(_Bomb()),
    "several strings": pickle.dumps(["[]", "[]"]),
    "a number": pickle.dumps(7),
    "half a pickle": pickle.dumps("[]" * 500)[:40],
    "no pickle": b"\x80\xff\xff",
}


@pytest.mark.parametrize("case", UNSAFE)
def test_a_pickle_is_never_loaded_and_one_of_anything_but_a_string_is_a_drop(read_form: ReadForm, case: str) -> None:
    packed = base64.b64encode(zlib.compress(UNSAFE[case])).decode()
    row = {**ROWS["livecodebench on standard input"][1], "private_test_cases": packed}
    problems, drops = read_form("livecodebench", row)
    assert (problems, len(drops)) == ([], 1)
    assert drops[0].reason in ("unsupported_tests", "bad_tests")


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_of_pickled_text_is_read_and_so_is_plain_packed_json(read_form: ReadForm, protocol: int) -> None:
    tests = [{"input": "ä 2\n", "output": "3\n", "testtype": "stdin"}]
    text = json.dumps(tests, ensure_ascii=False)
    for data in (pickle.dumps(text, protocol), text.encode()):
        packed = base64.b64encode(zlib.compress(data)).decode()
        row = {**ROWS["livecodebench on standard input"][1], "public_test_cases": "[]", "private_test_cases": packed}
        (problem,), _ = read_form("livecodebench", row)
        assert narrow_tests(problem, Stdio).cases[0].input == "ä 2\n"


def test_the_real_folder_of_apps_keeps_the_ids_of_earlier_versions(read: Read, shared: Callable[[str], Path]) -> None:
    problems, drops = read(kind="apps", path=shared("apps"))
    assert {problem.source_id: problem.problem_id for problem in problems} == {
        "train/0001": "accdd601b26eb26e1585ff26",
        "train/0111": "ec6ffb63c5851e54f43fb147",
        "train/2287": "a73a42ad439a2ab8e037be43",
        "train/2404": "1a4e72487907a82b7c881ae4",
        "train/4184": "b6227d2b21d2ad2861d8de44",
    }
    assert [drop for drop in drops if isinstance(drop, DroppedRecord)] == []
