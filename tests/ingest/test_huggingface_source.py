"""Datasets that `datasets` reads: mapped columns become problems, or drops with a reason."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from judge.problems import Asserts, Call, Calls, Check, Stdio, UnitTest
from storage.errors import ConfigError
from tests.ingest.sources import ROOT, Read, Records, narrow_tests

WriteParquet = Callable[..., str]
ReadRows = Callable[..., Records]
ROWS: list[dict[str, object]] = [
    {"no": 11, "task": "Write a function to double.", "code": "def double(n): return 2 * n", "lic": "MIT",
     "asserts": ["assert double(1) == 2", "assert double(0) == 0"], "info": {"fn": "double"}},
    {"no": 12, "task": "Write a function to add.", "code": "def add(a, b): return a + b", "lic": "CC0-1.0",
     "asserts": ["assert add(1, 2) == 3"], "info": {"fn": "add"}},
]  # fmt: skip


@pytest.fixture
def parquet(tmp_path: Path) -> WriteParquet:
    """Write rows to a Parquet file."""

    def write(rows: Sequence[Mapping[str, object]], name: str = "tasks.parquet") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        return str(path)

    return write


@pytest.fixture
def read_rows(read: Read, parquet: WriteParquet) -> ReadRows:
    """Write rows, and read them with the settings that matter."""

    def write_and_read(
        rows: Sequence[Mapping[str, object]],
        tests: Mapping[str, object],
        columns: Mapping[str, str] | None = None,
        **settings: object,
    ) -> Records:
        settings = {"licence": "MIT", **settings}
        return read(
            kind="huggingface",
            path=parquet(rows),
            tests=tests,
            columns={"prompt": "task", **(columns or {})},
            **settings,
        )

    return write_and_read


ASSERTS: dict[str, object] = {"kind": "asserts", "asserts": "asserts"}


def test_asserts_from_a_list_column_with_every_mapped_field(read_rows: ReadRows) -> None:
    columns = {"source_id": "no", "reference": "code", "licence": "lic", "entry_point": "info.fn"}
    problems, drops = read_rows(ROWS, ASSERTS, columns, licence=None, name="theirs")
    assert drops == []
    assert [(p.source, p.source_id, p.entry_point, p.licence, p.reference) for p in problems] == [
        ("theirs", "11", "double", "MIT", ROWS[0]["code"]), ("theirs", "12", "add", "CC0-1.0", ROWS[1]["code"]),
    ]  # fmt: skip
    assert narrow_tests(problems[0], Asserts).asserts == ("assert double(1) == 2", "assert double(0) == 0")


def test_unmapped_fields_come_from_constants_and_defaults(read_rows: ReadRows) -> None:
    constants = {"context": "import math", "entry_point": "g"}
    (first, second), _ = read_rows(ROWS, ASSERTS, constants=constants)
    assert (first.source, first.source_id, first.context, first.entry_point) == ("tasks", "0", "import math", "g")
    assert second.origin == "tasks.parquet@train:1"


def test_the_entry_point_of_asserts_is_found(read_rows: ReadRows) -> None:
    (first, second), _ = read_rows(ROWS, ASSERTS, {"reference": "code"})
    assert (first.entry_point, second.entry_point) == ("double", "add")


def test_asserts_from_a_script_with_its_other_lines_as_setup(read_rows: ReadRows) -> None:
    script = "import math\nONE = 1\nassert f(ONE) == 1\nassert f(\n    2) == math.floor(2.5)\n"
    rows = [{"task": "f", "asserts": script, "pre": ["x = 1", "y = 2"]}]
    (problem,), _ = read_rows(rows, {**ASSERTS, "setup": "pre"})
    tests = narrow_tests(problem, Asserts)
    assert tests.setup == "x = 1\ny = 2\nimport math\nONE = 1"
    assert tests.asserts == ("assert f(ONE) == 1", "assert f(\n    2) == math.floor(2.5)")
    assert problem.entry_point == "f"


def test_check_code_unittest_code_and_stdio_from_their_columns(read_rows: ReadRows) -> None:
    check = "def check(candidate):\n    assert candidate(1)"
    unit = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.assertTrue(f(1))"
    rows = [{"task": "f", "check": check, "unit": unit, "ins": ["1\n", "2\n"], "outs": ["1\n", "4\n"], "fn": "f"}]
    (checked,), _ = read_rows(rows, {"kind": "check", "code": "check"}, {"entry_point": "fn"})
    assert narrow_tests(checked, Check).code == check
    (tested,), _ = read_rows(rows, {"kind": "unittest", "code": "unit"})
    assert narrow_tests(tested, UnitTest).code == unit
    (run,), _ = read_rows(rows, {"kind": "stdio", "inputs": "ins", "outputs": "outs"})
    assert [(case.input, case.output) for case in narrow_tests(run, Stdio).cases] == [("1\n", "1\n"), ("2\n", "4\n")]


def test_a_dot_goes_down_into_a_struct_and_into_json_text(read_rows: ReadRows) -> None:
    tests = {"inputs": ["1"], "outputs": ["2"]}
    for cell in (tests, json.dumps(tests)):
        (run,), _ = read_rows(
            [{"task": "f", "io": cell}], {"kind": "stdio", "inputs": "io.inputs", "outputs": "io.outputs"}
        )
        assert [(case.input, case.output) for case in narrow_tests(run, Stdio).cases] == [("1", "2")]


def test_a_json_file_a_folder_and_a_parquet_file_give_the_same_problems(
    read: Read, parquet: WriteParquet, tmp_path: Path
) -> None:
    lines = tmp_path / "tasks.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    parquet(ROWS, name="folder/data/train-00000.parquet")
    mapping = {"columns": {"prompt": "task", "source_id": "no"}, "tests": ASSERTS, "licence": "MIT", "name": "same"}
    ids = [
        [p.problem_id for p in read(kind="huggingface", path=path, **mapping)[0]]
        for path in (parquet(ROWS), str(lines), str(tmp_path / "folder"))
    ]
    assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 2


BAD_ROWS: dict[str, tuple[dict[str, object], str]] = {
    "null prompt": ({"task": None}, "missing_field"),
    "empty prompt": ({"task": ""}, "bad_value"),
    "no asserts": ({"asserts": []}, "no_tests"),
    "null tests": ({"asserts": None}, "missing_field"),
    "null in the asserts": ({"asserts": [None]}, "bad_value"),
    "assert that does not parse": ({"asserts": ["assert ("]}, "bad_tests"),
    "same id": ({"no": 11}, "duplicate"),
    "null id": ({"no": None}, "missing_field"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_an_unusable_row_is_dropped_with_its_reason(read_rows: ReadRows, case: str) -> None:
    changes, reason = BAD_ROWS[case]
    problems, (drop,) = read_rows([ROWS[0], {**ROWS[1], **changes}], ASSERTS, {"source_id": "no"})
    assert (drop.reason, drop.where) == (reason, "tasks.parquet@train:1")
    assert [p.source_id for p in problems] == ["11"]


def test_limit_and_ids_stop_the_stream(read_rows: ReadRows) -> None:
    many = [{**ROWS[0], "no": number} for number in range(2000)]
    assert [p.source_id for p in read_rows(many, ASSERTS, {"source_id": "no"}, limit=3)[0]] == ["0", "1", "2"]
    assert [p.source_id for p in read_rows(many, ASSERTS, {"source_id": "no"}, ids=["1500"])[0]] == ["1500"]


@pytest.mark.parametrize(
    ("columns", "tests", "message"),
    [
        ({"prompt": "taks"}, ASSERTS, r"columns\.prompt: no column 'taks'.*task"),
        ({"reference": "solution"}, ASSERTS, r"columns\.reference: no column 'solution'.*code"),
        ({}, {"kind": "check", "code": "test"}, r"tests\.code: no column 'test'"),
        ({"entry_point": "info.name"}, ASSERTS, r"columns\.entry_point: no column 'info\.name'.*expected one of fn"),
    ],
)
def test_a_column_that_is_not_there_is_a_config_error_with_those_that_are(
    read_rows: ReadRows, columns: dict[str, str], tests: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        read_rows(ROWS, tests, columns)
    assert "tasks.parquet" in str(error.value) and "\n" not in str(error.value)


def test_a_path_that_cannot_be_read_as_a_dataset_is_a_config_error(
    read: Read, parquet: WriteParquet, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, split in [
        (str(broken), "train"), (str(empty), "train"), (parquet(ROWS), "test"),
        (str(tmp_path / "missing.parquet"), "train"),
    ]:  # fmt: skip
        with pytest.raises(ConfigError, match="huggingface path") as error:
            read(kind="huggingface", path=path, split=split, columns={"prompt": "t"}, tests=ASSERTS, licence="MIT")
        assert path in str(error.value) and "\n" not in str(error.value)


def test_a_name_that_the_hub_cannot_resolve_is_a_config_error() -> None:
    script = """
from tasks.ingest.settings import HuggingFaceSource
from tasks.ingest.sources import read_source
source = {
    "kind": "huggingface", "path": "nobody/no-such-data-set", "columns": {"prompt": "t"}, "licence": "MIT",
    "tests": {"kind": "asserts", "asserts": "asserts"},
}
next(read_source(HuggingFaceSource.model_validate(source)))
"""
    # The libraries read this variable once, at import.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    message = run.stderr.strip().splitlines()[-1]
    assert message.startswith("storage.errors.ConfigError: nobody/no-such-data-set: ")
    assert "huggingface path" in message


def test_a_dotted_column_takes_a_field_of_each_object_of_a_list(read_rows: ReadRows) -> None:
    cases = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}, {"input": "5 5\n", "output": "10\n"}]
    columns = {"kind": "stdio", "inputs": "cases.input", "outputs": "cases.output"}
    for value in (cases, json.dumps(cases)):
        (problem,), drops = read_rows([{"task": "Add.", "cases": value}], columns)
        assert drops == []
        assert [(c.input, c.output) for c in narrow_tests(problem, Stdio).cases] == [
            ("1 2\n", "3\n"),
            ("5 5\n", "10\n"),
        ]


def test_calls_among_objects_that_name_no_function_are_a_drop(read_rows: ReadRows) -> None:
    cases = [{"input": "1", "output": "2", "testtype": "functional"}]
    columns = {"kind": "stdio", "inputs": "cases.input", "outputs": "cases.output"}
    problems, (drop,) = read_rows([{"task": "Add.", "cases": cases}], columns)
    assert (problems, drop.reason) == ([], "no_entry_point")


def test_inputs_beside_a_functions_name_are_calls_and_others_runs(read_rows: ReadRows) -> None:
    columns = {"kind": "stdio", "inputs": "io.inputs", "outputs": "io.outputs"}
    values = [
        {"fn_name": "up", "inputs": ["ab"], "outputs": ["AB"]},
        {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]},
        {"inputs": ["1 2\n"], "outputs": ["3\n"]},
    ]
    problems, drops = read_rows([{"task": "Do.", "io": json.dumps(value)} for value in values], columns)
    assert drops == []
    assert [(p.entry_point, p.tests.kind) for p in problems] == [("up", "calls"), ("add", "calls"), (None, "stdio")]
    assert [narrow_tests(p, Calls).cases[0] for p in problems[:2]] == [
        Call(args=("ab",), expected="AB"), Call(args=(1, 2), expected=3),
    ]  # fmt: skip


def test_json_text_of_asserts_is_a_list_of_them(read_rows: ReadRows) -> None:
    (problem,), drops = read_rows(
        [{"task": "Add.", "asserts": json.dumps(["assert f(1) == 1", "assert f(2) == 2"])}], ASSERTS
    )
    assert (narrow_tests(problem, Asserts).asserts, drops) == (("assert f(1) == 1", "assert f(2) == 2"), [])


def test_pytest_functions_are_translated_and_unittest_keeps_its_id(read_rows: ReadRows) -> None:
    functions = "from solution import add\n\ndef test_small():\n    assert add(1, 2) == 3\n"
    module = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(f(1))"
    (first, second), drops = read_rows(
        [{"task": "Add.", "test": t} for t in (functions, module)], {"kind": "unittest", "code": "test"}
    )
    assert (first.entry_point, second.entry_point, drops) == ("add", None, [])
    assert "class TestFunctions(unittest.TestCase)" in narrow_tests(first, UnitTest).code
    assert narrow_tests(second, UnitTest).code == module


CASES = {
    "10-list-of-test-objects": ["stdio"],
    "12-pytest-functions": ["unittest"],
    "13-call-rows-become-stdio": ["calls", "calls", "stdio"],
}


@pytest.mark.parametrize("case", CASES)
def test_rows_of_reported_cases_are_read(read: Read, shared: Callable[[str], Path], case: str) -> None:
    folder = shared(f"cases/{case}")
    (source,) = yaml.safe_load((folder / "config.yaml").read_text())["sources"]
    problems, drops = read(**{**source, "path": str(folder / source["path"])})
    assert ([problem.tests.kind for problem in problems], drops) == (CASES[case], [])
