import json
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import ConfigError

ROWS: list[dict[str, Any]] = [
    {"no": 11, "task": "Write a function to double.", "code": "def double(n): return 2 * n", "lic": "MIT",
     "asserts": ["assert double(1) == 2", "assert double(0) == 0"], "info": {"fn": "double"}},
    {"no": 12, "task": "Write a function to add.", "code": "def add(a, b): return a + b", "lic": "CC0-1.0",
     "asserts": ["assert add(1, 2) == 3"], "info": {"fn": "add"}},
]  # fmt: skip


@pytest.fixture(autouse=True)
def offline(monkeypatch) -> None:
    # Both read their environment once, at import, which another test may have caused before.
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def parquet(tmp_path: Path):
    def write(rows, name="tasks.parquet"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        return str(path)

    return write


@pytest.fixture
def from_rows(ingest, parquet):
    """Rows and the settings that matter -> (problems, dropped rows)."""

    def run(rows, tests, columns=None, **settings):
        columns = {"prompt": "task", **(columns or {})}
        settings = {"licence": "MIT", **settings}
        return ingest(kind="huggingface", path=parquet(rows), tests=tests, columns=columns, **settings)

    return run


ASSERTS = {"kind": "asserts", "asserts": "asserts"}


def test_asserts_from_a_list_column_with_every_mapped_field(from_rows) -> None:
    columns = {"source_id": "no", "reference": "code", "licence": "lic", "entry_point": "info.fn"}
    problems, dropped = from_rows(ROWS, ASSERTS, columns, licence=None, name="mine")
    assert dropped == []
    assert [(p.source, p.source_id, p.entry_point, p.licence, p.reference) for p in problems] == [
        ("mine", "11", "double", "MIT", ROWS[0]["code"]), ("mine", "12", "add", "CC0-1.0", ROWS[1]["code"]),
    ]  # fmt: skip
    assert problems[0].tests.asserts == ("assert double(1) == 2", "assert double(0) == 0")


def test_what_no_column_holds_comes_from_constants_and_defaults(from_rows) -> None:
    constants = {"context": "import math", "entry_point": "g"}
    (first, second), _ = from_rows(ROWS, ASSERTS, constants=constants)
    assert (first.source, first.source_id, first.context, first.entry_point) == ("tasks", "0", "import math", "g")
    assert second.origin == "tasks.parquet@train:1"


def test_the_entry_point_of_asserts_is_found(from_rows) -> None:
    (first, second), _ = from_rows(ROWS, ASSERTS, {"reference": "code"})
    assert (first.entry_point, second.entry_point) == ("double", "add")


def test_asserts_from_a_script_with_its_other_lines_as_setup(from_rows) -> None:
    script = "import math\nONE = 1\nassert f(ONE) == 1\nassert f(\n    2) == math.floor(2.5)\n"
    rows = [{"task": "f", "asserts": script, "pre": ["x = 1", "y = 2"]}]
    (problem,), _ = from_rows(rows, {**ASSERTS, "setup": "pre"})
    assert problem.tests.setup == "x = 1\ny = 2\nimport math\nONE = 1"
    assert problem.tests.asserts == ("assert f(ONE) == 1", "assert f(\n    2) == math.floor(2.5)")
    assert problem.entry_point == "f"


def test_check_code_unittest_code_and_stdio_from_their_columns(from_rows) -> None:
    check = "def check(candidate):\n    assert candidate(1)"
    unit = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.assertTrue(f(1))"
    rows = [{"task": "f", "check": check, "unit": unit, "ins": ["1\n", "2\n"], "outs": ["1\n", "4\n"], "fn": "f"}]
    (checked,), _ = from_rows(rows, {"kind": "check", "code": "check"}, {"entry_point": "fn"})
    assert (checked.tests.kind, checked.tests.code) == ("check", check)
    (tested,), _ = from_rows(rows, {"kind": "unittest", "code": "unit"})
    assert (tested.tests.kind, tested.tests.code) == ("unittest", unit)
    (run,), _ = from_rows(rows, {"kind": "stdio", "inputs": "ins", "outputs": "outs"})
    assert [(c.input, c.output) for c in run.tests.cases] == [("1\n", "1\n"), ("2\n", "4\n")]


def test_a_dot_goes_down_into_a_struct_and_into_json_text(from_rows) -> None:
    tests = {"inputs": ["1"], "outputs": ["2"]}
    for cell in (tests, json.dumps(tests)):
        (run,), _ = from_rows(
            [{"task": "f", "io": cell}], {"kind": "stdio", "inputs": "io.inputs", "outputs": "io.outputs"}
        )
        assert [(c.input, c.output) for c in run.tests.cases] == [("1", "2")]


def test_a_json_file_a_folder_and_a_parquet_file_give_the_same_problems(ingest, parquet, tmp_path) -> None:
    lines = tmp_path / "tasks.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    parquet(ROWS, name="folder/data/train-00000.parquet")
    mapping = {"columns": {"prompt": "task", "source_id": "no"}, "tests": ASSERTS, "licence": "MIT", "name": "same"}
    ids = [
        [p.problem_id for p in ingest(kind="huggingface", path=path, **mapping)[0]]
        for path in (parquet(ROWS), str(lines), str(tmp_path / "folder"))
    ]
    assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 2


BAD = {
    "null prompt": ({"task": None}, "missing_field"),
    "empty prompt": ({"task": ""}, "bad_value"),
    "no asserts": ({"asserts": []}, "no_tests"),
    "null tests": ({"asserts": None}, "missing_field"),
    "null in the asserts": ({"asserts": [None]}, "bad_value"),
    "assert that does not parse": ({"asserts": ["assert ("]}, "bad_tests"),
    "same id": ({"no": 11}, "duplicate"),
    "null id": ({"no": None}, "missing_field"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_dropped_with_its_reason(from_rows, case) -> None:
    changes, reason = BAD[case]
    problems, (bad,) = from_rows([ROWS[0], {**ROWS[1], **changes}], ASSERTS, {"source_id": "no"})
    assert (bad.reason, bad.where) == (reason, "tasks.parquet@train:1")
    assert [p.source_id for p in problems] == ["11"]


def test_limit_and_ids_stop_the_stream(from_rows) -> None:
    many = [{**ROWS[0], "no": number} for number in range(2000)]
    assert [p.source_id for p in from_rows(many, ASSERTS, {"source_id": "no"}, limit=3)[0]] == ["0", "1", "2"]
    assert [p.source_id for p in from_rows(many, ASSERTS, {"source_id": "no"}, ids=["1500"])[0]] == ["1500"]


@pytest.mark.parametrize(
    ("columns", "tests", "named"),
    [
        ({"prompt": "taks"}, ASSERTS, r"columns\.prompt: no column 'taks'.*task"),
        ({"reference": "solution"}, ASSERTS, r"columns\.reference: no column 'solution'.*code"),
        ({}, {"kind": "check", "code": "test"}, r"tests\.code: no column 'test'"),
        ({"entry_point": "info.name"}, ASSERTS, r"columns\.entry_point: no column 'info\.name'.*expected one of fn"),
    ],
)
def test_a_column_that_is_not_there_is_a_config_error_with_those_that_are(from_rows, columns, tests, named) -> None:
    with pytest.raises(ConfigError, match=named) as error:
        from_rows(ROWS, tests, columns)
    assert "tasks.parquet" in str(error.value) and "\n" not in str(error.value)


def test_what_cannot_be_read_as_a_data_set_is_a_config_error(ingest, parquet, tmp_path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, split in [
        (str(broken), "train"), (str(empty), "train"), (parquet(ROWS), "test"),
        (str(tmp_path / "missing.parquet"), "train"), ("nobody/no-such-data-set", "train"),
    ]:  # fmt: skip
        with pytest.raises(ConfigError, match="huggingface path") as error:
            ingest(kind="huggingface", path=path, split=split, columns={"prompt": "t"}, tests=ASSERTS, licence="MIT")
        assert path in str(error.value) and "\n" not in str(error.value)
