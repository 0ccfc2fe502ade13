"""APPS: folders become problems of three kinds of tests, or drops with a reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.problems import Asserts, Calls, Stdio
from storage.errors import ConfigError
from tests.ingest.sources import Read, narrow_tests

WriteFolder = Callable[..., Path]
STDIO = {"inputs": ["1 2\n"], "outputs": ["3\n"]}


@pytest.fixture
def folder(tmp_path: Path) -> WriteFolder:
    """Write one problem; None leaves a file out, bytes are written as they are, everything else as JSON."""

    def write(
        tests: object,
        number: str = "0007",
        question: object = b"Add two numbers.",
        solutions: object = ("print(1)",),
        metadata: object = None,
        starter: object = None,
    ) -> Path:
        problem = tmp_path / "train" / number
        problem.mkdir(parents=True)
        files = {
            "question.txt": question, "input_output.json": tests, "solutions.json": solutions,
            "metadata.json": metadata, "starter_code.py": starter,
        }  # fmt: skip
        for name, content in files.items():
            if content is not None:
                (problem / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return tmp_path / "train"

    return write


def test_a_program_on_standard_input_becomes_stdio_cases(read: Read, folder: WriteFolder) -> None:
    path = folder({"inputs": ["1 2\n", ["3", "4"]], "outputs": ["3\n", ["7"]]}, metadata={"url": "https://x.test/p"})
    (problem,), drops = read(kind="apps", path=path)
    assert drops == []
    assert (problem.source, problem.source_id, problem.licence) == ("apps", "train/0007", "MIT")
    assert (problem.origin, problem.entry_point, problem.reference) == ("https://x.test/p", None, "print(1)")
    assert [(case.input, case.output) for case in narrow_tests(problem, Stdio).cases] == [
        ("1 2\n", "3\n"),
        ("3\n4\n", "7\n"),
    ]
    assert problem.prompt.startswith("Add two numbers.") and "standard input" in problem.prompt
    assert problem.context == ""


def test_the_folder_above_gives_the_same_problems_as_the_folder_itself(
    read: Read, folder: WriteFolder, tmp_path: Path
) -> None:
    path = folder(STDIO)
    (above,), _ = read(kind="apps", path=tmp_path)
    (itself,), _ = read(kind="apps", path=path)
    assert above.problem_id == itself.problem_id


def test_a_function_becomes_calls_with_each_result_out_of_its_list(read: Read, folder: WriteFolder) -> None:
    tests = {"fn_name": "add", "inputs": [[1, 2], [[3], 4]], "outputs": [[3], [[7]]]}
    (problem,), _ = read(kind="apps", path=folder(tests, starter=b"def add(a, b):\n\t"))
    assert problem.entry_point == "add"
    assert [(call.args, call.expected) for call in narrow_tests(problem, Calls).cases] == [((1, 2), 3), (([3], 4), [7])]
    assert "def add(a, b):" in problem.prompt and "import" in problem.context


def test_results_that_are_not_all_in_a_list_of_one_stay_as_they_are(read: Read, folder: WriteFolder) -> None:
    tests = {"fn_name": "add", "inputs": [[1], [2]], "outputs": [[3], [4, 5]]}
    (problem,), _ = read(kind="apps", path=folder(tests))
    assert [call.expected for call in narrow_tests(problem, Calls).cases] == [[3], [4, 5]]
    assert "`add`" in problem.prompt


def test_a_method_of_class_solution_becomes_asserts_on_it(read: Read, folder: WriteFolder) -> None:
    tests = {"fn_name": "pick", "inputs": [[[1, "a'b"], None]], "outputs": [[True]]}
    starter = b"class Solution:\n    def pick(self, xs: List[int], y) -> List[bool]:\n"
    (problem,), _ = read(kind="apps", path=folder(tests, starter=starter))
    assert problem.entry_point == "Solution"
    assert narrow_tests(problem, Asserts).asserts == ("""assert Solution().pick([1, "a'b"], None) == [True]""",)
    assert "List" in problem.prompt and "from typing import *" in problem.context


def test_the_reference_is_the_first_solution_that_is_python_3(read: Read, folder: WriteFolder) -> None:
    (problem,), _ = read(kind="apps", path=folder(STDIO, solutions=["print 1", "", "print(3)", "print(4)"]))
    assert problem.reference == "print(3)"


@pytest.mark.parametrize("solutions", [["print 1"], [], None], ids=["python 2 only", "empty", "no file"])
def test_without_a_python_3_solution_there_is_no_reference(read: Read, folder: WriteFolder, solutions: object) -> None:
    (problem,), _ = read(kind="apps", path=folder(STDIO, solutions=solutions))
    assert problem.reference is None


BAD_FOLDERS: dict[str, tuple[dict[str, object], str]] = {
    "no tests file": ({"tests": None}, "missing_field"),
    "no question": ({"tests": STDIO, "question": None}, "missing_field"),
    "blank question": ({"tests": STDIO, "question": b"\n"}, "bad_value"),
    "question is not UTF-8": ({"tests": STDIO, "question": b"caf\xe9"}, "not_utf8"),
    "tests are not JSON": ({"tests": b"{"}, "not_json"),
    "tests are a list": ({"tests": []}, "bad_value"),
    "no outputs": ({"tests": {"inputs": ["1"]}}, "missing_field"),
    "no inputs": ({"tests": {"inputs": [], "outputs": []}}, "no_tests"),
    "fewer outputs": ({"tests": {"inputs": ["1", "2"], "outputs": ["1"]}}, "bad_tests"),
    "input is a number": ({"tests": {"inputs": [1], "outputs": ["1"]}}, "bad_tests"),
    "function without name": ({"tests": {"fn_name": "a b", "inputs": [[1]], "outputs": [1]}}, "no_entry_point"),
    "arguments are no list": ({"tests": {"fn_name": "f", "inputs": [1], "outputs": [1]}}, "bad_tests"),
    "NaN": ({"tests": b'{"fn_name": "f", "inputs": [[NaN]], "outputs": [1]}'}, "not_finite"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_an_unusable_folder_is_dropped_with_its_reason_and_the_next_is_read(
    read: Read, folder: WriteFolder, case: str
) -> None:
    content, reason = BAD_FOLDERS[case]
    folder(**{"number": "0001", **content})
    problems, (drop,) = read(kind="apps", path=folder(STDIO, number="0002"))
    assert (drop.where, drop.source_id, drop.reason) == ("train/0001", "train/0001", reason)
    assert [p.source_id for p in problems] == ["train/0002"]


def test_a_folder_that_is_missing_or_holds_no_problems_is_a_config_error(read: Read, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigError, match="apps path") as error:
            read(kind="apps", path=path)
        assert str(path) in str(error.value)


def test_all_of_the_real_folders_are_read(read: Read, shared: Callable[[str], Path]) -> None:
    problems, drops = read(kind="apps", path=shared("apps"))
    assert drops == []
    assert {p.source_id: (p.tests.kind, p.entry_point) for p in problems} == {
        "train/0001": ("stdio", None), "train/0111": ("stdio", None), "train/2287": ("stdio", None),
        "train/2404": ("asserts", "Solution"), "train/4184": ("calls", "is_prime"),
    }  # fmt: skip
    assert all(p.reference for p in problems)
