"""What commands print: tables for people, JSON for machines."""

import io
import json
import math
from datetime import date

import pytest

from cli.options import print_json, print_table

LONG = "a long value " * 100


def test_a_table_has_words_as_headers(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"n": 3, "right_at_once": 2, "problem_id": "p"}])
    output = capsys.readouterr().out
    assert all(words in output for words in ("rows", "right at once", " problem "))


def test_an_answer_keeps_its_column_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"n": 3, "right_at_once": 2}], headings=str)
    assert "right_at_once" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [None, "60"], ids=["no width is known", "COLUMNS is set"])
def test_nothing_is_cut_where_stdout_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str | None
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    print_table([{"key": "k" * 100, "text": LONG}])
    output = capsys.readouterr().out
    assert "…" not in output and output.count("k") >= 100 and output.count("long") == LONG.count("long")
    if columns is None:
        assert LONG.strip() in output


def test_markup_in_a_value_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"[bold]x": "[red]y[/red] \\"}], title="[z]")
    output = capsys.readouterr().out
    assert "[bold]x" in output and "[red]y[/red] \\" in output and "[z]" in output


def test_json_has_null_for_numbers_that_it_lacks_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"a": math.nan, "b": [1.5, {"c": math.inf}], "c": date(2026, 1, 2)}, {"a": -math.inf}])
    output = capsys.readouterr()
    assert json.loads(output.out, parse_constant=pytest.fail) == [
        {"a": None, "b": [1.5, {"c": None}], "c": "2026-01-02"},
        {"a": None},
    ]
    assert output.err.count("\n") == 1 and output.err.startswith("3 numbers are NaN or infinite")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_holds_any_text_in_any_locale(encoding: str) -> None:
    value = {"é": "日本", "half a pair": "\udfff", "tab": "\t"}
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_json(value, file)
    file.flush()
    assert json.loads(file.buffer.getvalue().decode(encoding)) == value
