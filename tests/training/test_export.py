"""Preference datasets as files, in the two forms that TRL reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from storage.catalog import Catalog
from storage.dataset_tables import PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.lake import Lake
from tests.cli.conftest import RunCommand

Export = Callable[..., Path]
DATASETS = [dataset.name for dataset in (PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO)]


@pytest.fixture
def export(lake: Lake, tmp_path: Path, run_command: RunCommand) -> Export:
    """Export a dataset to a file below the test's folder; return its path."""

    def run(dataset: str, name: str, *options: str) -> Path:
        path = tmp_path / name
        result = run_command("export", dataset, "--lake", lake.root, "--out", path, *options)
        assert result.exit_code == 0, result.stderr
        return path

    return run


def load_rows(path: Path) -> list[dict[str, Any]]:
    reader = "json" if path.suffix == ".jsonl" else "parquet"
    cache = str(path.with_suffix(".cache"))
    return list(datasets.load_dataset(reader, data_files=str(path), split="train", cache_dir=cache))


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_conversational_form_holds_the_rows_of_the_lake_in_the_order_of_ids(
    lake: Lake, export: Export, dataset: str
) -> None:
    with Catalog(lake) as catalog:
        in_lake = catalog.rows(f"select * from {dataset} order by example_id")
    assert len({row["bucket"] for row in in_lake}) == 2
    for name in ("x.parquet", "x.jsonl"):
        assert load_rows(export(dataset, name)) == in_lake


@pytest.mark.parametrize("name", ["x.parquet", "x.jsonl"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_plain_form_holds_the_same_as_strings(lake: Lake, export: Export, dataset: str, name: str) -> None:
    plain_rows = load_rows(export(dataset, name, "--form", "plain"))
    chat_rows = load_rows(export(dataset, "chats.parquet"))
    answers = ["completion"] if dataset == "preference_kto" else ["chosen", "rejected"]
    for plain, chat in zip(plain_rows, chat_rows, strict=True):
        assert plain["prompt"] == chat["prompt"][0]["content"] + "\n"
        for answer in answers:
            assert plain[answer] == chat[answer][0]["content"]
            assert plain[answer].startswith("```python\n") and plain[answer].endswith("```")
        others = chat.keys() - {"prompt", *answers}
        assert {name: plain[name] for name in others} == {name: chat[name] for name in others}


def test_a_condition_reads_the_columns_of_the_lake(export: Export) -> None:
    condition = "prompt[1].role = 'user' and label"
    rows = load_rows(export("preference_kto", "x.parquet", "--form", "plain", "--where", condition))
    assert len(rows) == 6 and {row["label"] for row in rows} == {True}


def test_labelled_programs_can_be_judged_again(export: Export) -> None:
    [row, *_] = load_rows(export("preference_kto", "x.jsonl", "--as", "solutions"))
    assert row.keys() == {"id", "source", "source_id", "code"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["debugging_sft", "--form", "plain"],
            "--form plain: expected one of preference_",
            id="no preference dataset",
        ),
        pytest.param(
            ["preference_kto", "--form", "plain", "--as", "solutions"], "as rows; got --as solutions", id="two shapes"
        ),
        pytest.param(
            ["preference_correctness", "--as", "solutions"], "holds two programs per row; export", id="two programs"
        ),
        pytest.param(["preference_kto", "--form", "chatty"], "is not one of", id="unknown form"),
    ],
)
def test_a_contradictory_request_is_refused_and_leaves_no_file(
    lake: Lake, tmp_path: Path, run_command: RunCommand, arguments: list[str], message: str
) -> None:
    result = run_command("export", *arguments, "--lake", lake.root, "--out", tmp_path / "x.jsonl")
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
