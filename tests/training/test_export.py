"""Preference data as files, in the two forms that TRL reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from cli.main import main
from storage.catalog import Catalog
from storage.lake import Lake

Export = Callable[..., Path]


@pytest.fixture
def export(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Export a data set in this process; the file that came of it."""

    def run(table: str, name: str, *options: str) -> Path:
        out = tmp_path / name
        arguments = ["export", table, "--lake", lake.root, "--out", str(out), *options]
        monkeypatch.setattr("sys.argv", ["patchmill", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return out

    return run


def loaded(path: Path) -> list[dict[str, Any]]:
    reader = "json" if path.suffix == ".jsonl" else "parquet"
    cache = str(path.with_suffix(".cache"))
    return list(datasets.load_dataset(reader, data_files=str(path), split="train", cache_dir=cache))


@pytest.mark.parametrize("table", ["preference_correctness", "preference_efficiency", "preference_kto"])
def test_the_conversational_form_is_what_the_lake_holds_in_the_order_of_ids(
    lake: Lake, export: Export, table: str
) -> None:
    with Catalog(lake) as catalog:
        held = catalog.rows(f"select * from {table} order by example_id")
    assert len({row["bucket"] for row in held}) == 2
    for name in ("x.parquet", "x.jsonl"):
        assert loaded(export(table, name)) == held


@pytest.mark.parametrize("name", ["x.parquet", "x.jsonl"])
@pytest.mark.parametrize("table", ["preference_correctness", "preference_efficiency", "preference_kto"])
def test_the_plain_form_holds_the_same_as_strings(lake: Lake, export: Export, table: str, name: str) -> None:
    plain, chats = loaded(export(table, name, "--form", "plain")), loaded(export(table, "chats.parquet"))
    answers = ["completion"] if table == "preference_kto" else ["chosen", "rejected"]
    for text, chat in zip(plain, chats, strict=True):
        assert text["prompt"] == chat["prompt"][0]["content"] + "\n"
        for answer in answers:
            assert text[answer] == chat[answer][0]["content"]
            assert text[answer].startswith("```python\n") and text[answer].endswith("```")
        rest = chat.keys() - {"prompt", *answers}
        assert {key: text[key] for key in rest} == {key: chat[key] for key in rest}


def test_a_condition_is_asked_of_the_columns_as_they_are_kept(export: Export) -> None:
    rows = loaded(
        export("preference_kto", "x.parquet", "--form", "plain", "--where", "prompt[1].role = 'user' and label")
    )
    assert len(rows) == 6 and {row["label"] for row in rows} == {True}


def test_labelled_programs_can_be_judged_again(export: Export) -> None:
    [line, *_] = loaded(export("preference_kto", "x.jsonl", "--as", "solutions"))
    assert line.keys() == {"id", "source", "source_id", "code"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["debugging_sft", "--form", "plain"], "--form plain: expected one of preference_", id="no pairs"),
        pytest.param(
            ["preference_kto", "--form", "plain", "--as", "solutions"], "as rows; got --as solutions", id="two shapes"
        ),
        pytest.param(
            ["preference_correctness", "--as", "solutions"], "holds two programs a row; export", id="two programs"
        ),
        pytest.param(["preference_kto", "--form", "chatty"], "is not one of", id="no such form"),
    ],
)
def test_a_combination_that_cannot_be_is_one_line_and_leaves_no_file(
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["patchmill", "export", *arguments, "--lake", lake.root, "--out", str(tmp_path / "x.jsonl")]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
