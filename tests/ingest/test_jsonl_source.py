"""The exchange form: lines become the problems that they state, or drops with a reason."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tasks.ingest.dropped import RAW_CHARS
from tasks.reading.problem import read_tests
from tests.ingest.sources import Line, Read, WriteJsonl


def test_a_line_becomes_the_problem_it_states(read: Read, jsonl: WriteJsonl, line: Line) -> None:
    path = jsonl(line(context="import math", reference="def f(x): return x", origin="here"))
    (problem,), drops = read(kind="jsonl", path=path)
    assert drops == []
    assert json.loads(problem.model_dump_json()) == line(
        context="import math", reference="def f(x): return x", origin="here"
    )


TESTS: dict[str, dict[str, object]] = {
    "asserts": {"kind": "asserts", "asserts": ["assert f(1) == 1"]},
    "check": {"kind": "check", "code": "def check(candidate):\n    assert candidate(1) == 1"},
    "stdio": {"kind": "stdio", "cases": [{"input": "1\n", "output": "1\n"}]},
    "calls": {"kind": "calls", "cases": [{"args": [1], "expected": {"a": [None, 1.5]}}]},
    "unittest": {
        "kind": "unittest",
        "code": "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n        self.assertTrue(f(1))",
    },
}


@pytest.mark.parametrize("kind", TESTS)
def test_every_kind_of_tests_is_read(read: Read, jsonl: WriteJsonl, line: Line, kind: str) -> None:
    (problem,), drops = read(kind="jsonl", path=jsonl(line(tests=TESTS[kind])))
    assert (problem.tests.kind, drops) == (kind, [])


def test_integers_of_any_length_are_read_and_written_back(read: Read, jsonl: WriteJsonl, line: Line) -> None:
    digits = "9" * 5000
    tests = {"kind": "calls", "cases": [{"args": [5000], "expected": int(digits)}]}
    (problem,), drops = read(kind="jsonl", path=jsonl(line(tests=tests)))
    assert (drops, digits in problem.tests_json) == ([], True)
    assert read_tests(problem.tests_json) == problem.tests


BAD_FIELDS: dict[str, tuple[dict[str, object], str, str]] = {
    "missing field": ({"without": ["prompt"]}, "missing_field", "prompt"),
    "missing licence": ({"without": ["licence"]}, "missing_field", "licence"),
    "extra field": ({"difficulty": 3}, "unknown_field", "difficulty"),
    "empty prompt": ({"prompt": ""}, "bad_value", "prompt"),
    "prompt is a number": ({"prompt": 7}, "bad_value", "prompt"),
    "entry point is no name": ({"entry_point": "f(x)"}, "bad_value", "entry_point"),
    "no asserts": ({"tests": {"kind": "asserts", "asserts": []}}, "no_tests", "asserts"),
    "no cases": ({"tests": {"kind": "stdio", "cases": []}}, "no_tests", "cases"),
    "unknown kind of tests": ({"tests": {"kind": "doctest", "code": "x"}}, "unknown_kind", "doctest"),
    "no kind of tests": ({"tests": {"code": "x"}}, "unknown_kind", "tests"),
    "fields of another kind": ({"tests": {"kind": "check", "asserts": ["assert f(1)"]}}, "missing_field", "code"),
    "assert that does not parse": ({"tests": {"kind": "asserts", "asserts": ["assert f("]}}, "bad_tests", "asserts.0"),
    "assert that asserts nothing": ({"tests": {"kind": "asserts", "asserts": ["f(1)"]}}, "bad_tests", "nothing"),
    "check without check": ({"tests": {"kind": "check", "code": "def test(c): assert c(1)"}}, "bad_tests", "check"),
    "unittest without a test": ({"tests": {"kind": "unittest", "code": "class T: pass"}}, "bad_tests", "test"),
    "null byte in a test": ({"tests": {"kind": "asserts", "asserts": ["assert f('\0')"]}}, "bad_tests", "asserts.0"),
    "calls of nothing": (
        {"entry_point": None, "tests": {"kind": "calls", "cases": [{"expected": 1}]}}, "no_entry_point", "calls",
    ),
    "context that does not parse": ({"context": "import"}, "bad_tests", "context"),
    "lone surrogate": ({"prompt": "\ud800"}, "bad_text", "prompt"),
    "lone surrogate in a call": (
        {"tests": {"kind": "calls", "cases": [{"args": ["\ud800"], "expected": 1}]}}, "bad_text", "surrogate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_a_bad_field_drops_its_line_with_the_reason_and_the_field(
    read: Read, jsonl: WriteJsonl, line: Line, case: str
) -> None:
    changes, reason, field = BAD_FIELDS[case]
    path = jsonl(line(source_id="bad", **changes), line(source_id="good"))
    (good,), (drop,) = read(kind="jsonl", path=path)
    assert (drop.where, drop.reason, drop.source_id) == ("problems.jsonl:1", reason, "bad")
    assert field in drop.detail and "\n" not in drop.detail
    assert good.source_id == "good"


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{'source': 1}", "not_json"),
    "half a line": (b'{"source": "own", "prom', "not_json"),
    "nested without end": (b"[" * 200_000, "not_json"),
    "a list": (b'["source"]', "not_an_object"),
    "a number": (b"12", "not_an_object"),
    "not UTF-8": (b'{"source": "caf\xe9"}', "not_utf8"),
    "NaN": (b'{"tests": {"kind": "calls", "cases": [{"expected": NaN}]}}', "not_finite"),
    "minus infinity": (b'{"prompt": -Infinity}', "not_finite"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_line_that_cannot_be_read_is_dropped_and_the_next_one_is_not(
    read: Read, jsonl: WriteJsonl, line: Line, case: str
) -> None:
    raw, reason = BAD_LINES[case]
    problems, (drop,) = read(kind="jsonl", path=jsonl(raw, line()))
    assert (drop.where, drop.reason) == ("problems.jsonl:1", reason)
    assert len(problems) == 1
    assert 0 < len(drop.raw) <= RAW_CHARS and drop.raw[:8] == raw.decode("utf-8", "backslashreplace")[:8]


def test_a_number_that_overflows_to_infinity_is_dropped(read: Read, jsonl: WriteJsonl, line: Line) -> None:
    raw = json.dumps(line(tests={"kind": "calls", "cases": [{"expected": 7}]})).replace("7", "1e999").encode()
    problems, (drop,) = read(kind="jsonl", path=jsonl(raw))
    assert (problems, drop.reason) == ([], "not_finite")


def test_the_second_of_two_lines_with_one_id_is_dropped_where_it_stands(
    read: Read, jsonl: WriteJsonl, line: Line
) -> None:
    path = jsonl(line(), line(source_id="two"), line(prompt="Other."), line(source="elsewhere"))
    problems, (drop,) = read(kind="jsonl", path=path)
    assert [(p.source, p.source_id, p.prompt) for p in problems] == [
        ("own", "one", "Write f(x)."), ("own", "two", "Write f(x)."), ("elsewhere", "one", "Write f(x)."),
    ]  # fmt: skip
    assert (drop.where, drop.reason, drop.source_id) == ("problems.jsonl:3", "duplicate", "one")


def test_a_dropped_row_keeps_its_address_when_read_again_and_shares_it_with_no_other(
    read: Read, jsonl: WriteJsonl, line: Line
) -> None:
    path = jsonl(b"{", b"[", line(prompt=""), line(prompt=""))
    first, again = (read(kind="jsonl", path=path)[1] for _ in range(2))
    assert [drop.row_id for drop in first] == [drop.row_id for drop in again]
    assert len({drop.row_id for drop in first}) == 4


def test_a_folder_is_read_in_order_of_name_and_only_its_jsonl_files(
    read: Read, jsonl: WriteJsonl, line: Line, tmp_path: Path
) -> None:
    jsonl(line(source_id="b"), name="b.jsonl")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(line(source_id="a")).encode()))
    (tmp_path / "notes.txt").write_text("no problem")
    problems, drops = read(kind="jsonl", path=tmp_path)
    assert ([p.source_id for p in problems], drops) == (["a", "b"], [])


def test_a_sources_name_replaces_that_of_a_line_and_its_licence_fills_a_gap(
    read: Read, jsonl: WriteJsonl, line: Line
) -> None:
    path = jsonl(line(), line(source_id="two", without=["licence", "source"]))
    problems, _ = read(kind="jsonl", path=path, name="theirs", licence="CC0-1.0")
    assert [(p.source, p.licence) for p in problems] == [("theirs", "MIT"), ("theirs", "CC0-1.0")]


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_are_no_problem(
    read: Read, tmp_path: Path, line: Line
) -> None:
    path = tmp_path / "w.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(line()).encode() + b"\r\n\r\n   \n")
    problems, drops = read(kind="jsonl", path=path)
    assert (len(problems), drops) == (1, [])


def missing_file(folder: Path) -> Path:
    return folder / "nowhere.jsonl"


def empty_folder(folder: Path) -> Path:
    return folder


def plain_text_named_gz(folder: Path) -> Path:
    (folder / "x.jsonl.gz").write_bytes(b"{}")
    return folder / "x.jsonl.gz"


def truncated_gzip(folder: Path) -> Path:
    (folder / "x.jsonl.gz").write_bytes(gzip.compress(b"{}" * 1000)[:-9])
    return folder / "x.jsonl.gz"


def path_below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "x.jsonl"


@pytest.mark.parametrize("make", [missing_file, empty_folder, plain_text_named_gz, truncated_gzip, path_below_a_file])
def test_a_file_that_is_not_there_or_unreadable_is_one_line_with_file_field_and_fix(
    read: Read, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    with pytest.raises(ConfigError, match="jsonl path") as error:
        read(kind="jsonl", path=path)
    assert str(path) in str(error.value) and "expected" in str(error.value) and "\n" not in str(error.value)
