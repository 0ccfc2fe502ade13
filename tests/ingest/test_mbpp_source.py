"""MBPP: rows become problems with an entry point, or drops with a reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from judge.problems import Asserts
from storage.errors import ConfigError
from tasks.reading.python_text import find_entry_point
from tests.ingest.sources import Read, WriteJsonl, narrow_tests

BuildRow = Callable[..., dict[str, object]]


@pytest.fixture
def row() -> BuildRow:
    """Build one row of MBPP's file; `fields` replace its own."""

    def build(**fields: object) -> dict[str, object]:
        return {
            "task_id": 707, "text": "Write a function to double a number.", "code": "def double(n):\r\n  return 2 * n",
            "test_list": ["assert double(2) == 4", "assert double(0) == 0"], "test_setup_code": "",
            "challenge_test_list": ["assert double(-1) == -2"], **fields,
        }  # fmt: skip

    return build


def test_a_row_becomes_a_problem_with_entry_point_licence_and_origin(
    read: Read, jsonl: WriteJsonl, row: BuildRow
) -> None:
    (problem,), drops = read(kind="mbpp", path=jsonl(row(), name="mbpp.jsonl"))
    assert drops == []
    assert (problem.source, problem.source_id, problem.entry_point) == ("mbpp", "707", "double")
    assert (problem.licence, problem.origin) == ("CC-BY-4.0", "mbpp.jsonl:1")
    assert narrow_tests(problem, Asserts).asserts == ("assert double(2) == 4", "assert double(0) == 0")
    assert problem.reference == "def double(n):\n  return 2 * n"


IDS_BY_SPLIT = {"prompt": [1, 10], "test": [11, 510], "validation": [511, 600], "train": [601, 974]}


@pytest.mark.parametrize("split", IDS_BY_SPLIT)
def test_a_split_holds_the_ids_that_the_authors_state(read: Read, jsonl: WriteJsonl, row: BuildRow, split: str) -> None:
    path = jsonl(*(row(task_id=number) for ids in IDS_BY_SPLIT.values() for number in ids))
    problems, drops = read(kind="mbpp", path=path, split=split)
    assert ([int(problem.source_id) for problem in problems], drops) == (IDS_BY_SPLIT[split], [])
    if split == "train":
        assert read(kind="mbpp", path=path) == (problems, [])


def test_challenge_tests_judge_only_where_asked_for(read: Read, jsonl: WriteJsonl, row: BuildRow) -> None:
    (without,), _ = read(kind="mbpp", path=jsonl(row()))
    (with_them,), _ = read(kind="mbpp", path=jsonl(row()), challenge_tests=True)
    asserts = narrow_tests(without, Asserts).asserts
    assert len(asserts) == 2
    assert narrow_tests(with_them, Asserts).asserts == (*asserts, "assert double(-1) == -2")


def test_tests_get_the_imports_that_they_take_from_the_reference(read: Read, jsonl: WriteJsonl, row: BuildRow) -> None:
    code = "import sys, os\nfrom math import pi as p\ndef size(x): return sys.getsizeof(x)"
    (problem,), _ = read(kind="mbpp", path=jsonl(row(code=code, test_list=["assert size(1) == sys.getsizeof(1)"])))
    assert narrow_tests(problem, Asserts).setup == "import sys, os"


ENTRY_POINTS: dict[str, tuple[str, list[str], str | None]] = {
    "helpers come first": ("def helper(): pass\ndef main(x): return x", ["assert main(1) == 1"], "main"),
    "inside a builtin": ("def tags(x): return x", ["assert set(tags([1])) == set([1])"], "tags"),
    "with a class of its own": (
        "class Pair: pass\ndef chain(x): return x", ["assert chain([Pair(1), Pair(2)]) == 2"], "chain",
    ),
    "a name that is assigned": ("inner = lambda x: x\n", ["assert inner(1) == 1"], "inner"),
    "parentheses": ("def height(t): return 1", ["assert (height(root)) == 3"], "height"),
    "only some asserts call it": (
        "def a(x): return x\ndef b(x): return x", ["assert a(b(1)) == 1", "assert b(2) == 2"], "b",
    ),
    "nothing is called by all": ("def a(): pass\ndef b(): pass", ["assert a() == 1", "assert b() == 1"], None),
    "not defined": ("x = 1", ["assert f(1) == 1"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", ENTRY_POINTS)
def test_the_entry_point_is_what_the_reference_defines_and_all_asserts_call(case: str) -> None:
    code, asserts, name = ENTRY_POINTS[case]
    assert find_entry_point(code, tuple(asserts)) == name


def test_without_a_reference_the_entry_point_is_the_outermost_name_that_is_no_builtin() -> None:
    assert find_entry_point(None, ("assert sorted(pick([1], len)) == [1]", "assert pick([2], len) == [2]")) == "pick"


BAD_ROWS: dict[str, tuple[dict[str, object], str]] = {
    "no tests": ({"test_list": []}, "no_tests"),
    "tests are no list": ({"test_list": "assert double(1) == 2"}, "bad_value"),
    "a test is no text": ({"test_list": [1]}, "bad_value"),
    "a test that does not parse": ({"test_list": ["assert double(1) =="]}, "no_entry_point"),
    "one test that does not parse": (
        {"test_list": ["assert double(1) == 2"], "test_setup_code": "import"},
        "bad_tests",
    ),
    "other function": ({"test_list": ["assert triple(1) == 3"]}, "no_entry_point"),
    "id is text": ({"task_id": "seven"}, "bad_value"),
    "blank text": ({"text": " "}, "bad_value"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_an_unusable_row_is_dropped_with_its_reason(read: Read, jsonl: WriteJsonl, row: BuildRow, case: str) -> None:
    changes, reason = BAD_ROWS[case]
    problems, (drop,) = read(kind="mbpp", path=jsonl(row(**changes)))
    assert (problems, drop.reason, drop.source) == ([], reason, "mbpp")


def test_a_row_without_a_field_is_dropped(read: Read, jsonl: WriteJsonl, row: BuildRow) -> None:
    without = {name: value for name, value in row().items() if name != "code"}
    _, (drop,) = read(kind="mbpp", path=jsonl(without))
    assert (drop.reason, drop.detail, drop.source_id) == ("missing_field", "code: field required", "707")


def test_a_missing_file_is_a_config_error(read: Read, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mbpp path"):
        read(kind="mbpp", path=tmp_path / "mbpp.jsonl")


def test_all_of_the_real_file_is_read(read: Read, shared: Callable[[str], Path]) -> None:
    path = shared("mbpp/mbpp_dev.jsonl")
    problems, drops = read(kind="mbpp", path=path, split="all")
    assert len(problems) + len(drops) == len(path.read_bytes().splitlines())
    assert drops == []
    by_id = {p.source_id: p for p in problems}
    assert {i: by_id[i].entry_point for i in ("1", "601", "912", "927")} == {
        "1": "min_cost", "601": "max_chain_length", "912": "lobb_num", "927": "max_height",
    }  # fmt: skip
    assert narrow_tests(by_id["596"], Asserts).setup == "import sys"
    assert all(p.entry_point and "\r" not in str(p.reference) for p in problems)
