"""`limit` and `ids` choose problems; settings are checked before anything is read."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from storage.errors import ConfigError
from tasks.ingest.settings import Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem
from tests.ingest.sources import Line, Read, WriteJsonl

SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


@pytest.fixture
def three(jsonl: WriteJsonl, line: Line) -> Path:
    """A file of three problems with ids a, b and c."""
    return jsonl(*(line(source_id=name) for name in "abc"))


def test_limit_counts_problems_and_not_dropped_rows(read: Read, jsonl: WriteJsonl, line: Line) -> None:
    path = jsonl(b"{", line(source_id="a"), line(source_id="a"), line(source_id="b"), line(source_id="c"))
    problems, drops = read(kind="jsonl", path=path, limit=2)
    assert [p.source_id for p in problems] == ["a", "b"]
    assert [d.reason for d in drops] == ["not_json", "duplicate"]


def test_ids_take_exactly_those_rows_in_the_order_of_the_source(read: Read, three: Path) -> None:
    problems, drops = read(kind="jsonl", path=three, ids=["c", "a"])
    assert ([p.source_id for p in problems], drops) == (["a", "c"], [])


def test_ids_leave_out_drops_that_have_another_id(read: Read, jsonl: WriteJsonl, line: Line) -> None:
    path = jsonl(line(source_id="a", prompt=""), line(source_id="b", prompt=""), line(source_id="c"))
    problems, drops = read(kind="jsonl", path=path, ids=["b", "c"])
    assert ([p.source_id for p in problems], [d.source_id for d in drops]) == (["c"], ["b"])


def test_an_id_that_no_row_has_is_a_config_error_that_names_it(read: Read, three: Path) -> None:
    with pytest.raises(ConfigError, match=r"ids: .*nine") as error:
        read(kind="jsonl", path=three, ids=["a", "nine"])
    assert str(three) in str(error.value)


def test_problems_come_one_at_a_time_before_the_rest_is_read(jsonl: WriteJsonl, line: Line) -> None:
    path = jsonl(*(line(source_id=str(number)) for number in range(5000)))
    records = read_source(SOURCE.validate_python({"kind": "jsonl", "path": path}))
    first = next(records)
    path.write_bytes(b"")  # lines that are not read yet are lost
    assert isinstance(first, Problem) and sum(1 for _ in records) < 4000


def test_reading_twice_gives_the_same_problem_ids(read: Read, three: Path) -> None:
    first, again = (read(kind="jsonl", path=three)[0] for _ in range(2))
    assert [p.problem_id for p in first] == [p.problem_id for p in again]
    assert len({p.problem_id for p in first}) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "csv", "path": "x"},
        {"path": "x"},
        {"kind": "jsonl"},
        {"kind": "jsonl", "path": "x", "limit": 0},
        {"kind": "jsonl", "path": "x", "ids": []},
        {"kind": "mbpp", "path": "x", "plus": "y"},
        {"kind": "huggingface", "path": "x", "columns": {"prompt": "p"}, "tests": {"kind": "check", "code": "c"}},
    ],
    ids=["unknown kind", "no kind", "no path", "limit 0", "no ids", "unknown field", "no licence"],
)
def test_invalid_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SOURCE.validate_python(settings)


def test_every_setting_has_a_description() -> None:
    schema = SOURCE.json_schema()
    undescribed = [
        f"{model}.{name}"
        for model, definition in schema["$defs"].items()
        for name, field in definition.get("properties", {}).items()
        if name != "kind" and "description" not in field
    ]
    assert undescribed == []
