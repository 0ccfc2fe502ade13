"""`patchmill` offers its names to people, editors and type checkers, and imports the lake only when it is used."""

import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pytest

import patchmill
from patchmill import ConfigError, Lake, LakeSettings, load_examples
from storage.dataset_tables import DEBUGGING_SFT
from tests.builders import row

ROOT = Path(__file__).parents[2]
ONE_LINE = (
    'from patchmill import judge; print(judge("def add(a, b): return a + b", tests=["assert add(1, 2) == 3"]).verdict)'
)


@pytest.fixture
def small_lake(tmp_path: Path) -> Path:
    """A lake with three examples in two buckets, written out of order."""
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=2))
    examples = [("c", 0), ("a", 1), ("b", 0)]
    assert lake.buckets == 2
    lake.append(DEBUGGING_SFT, [row(DEBUGGING_SFT, example_id=name, bucket=bucket) for name, bucket in examples])
    return tmp_path / "lake"


def run_python(script: str) -> str:
    """Run a script in a fresh process; return its output."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True).stdout


def test_one_line_judges_a_program_in_a_fresh_process() -> None:
    assert run_python(ONE_LINE) == "passed\n"


def test_judging_imports_no_lake() -> None:
    script = "import sys; from patchmill import judge; print(*{'duckdb', 'pyarrow', 'deltalake'} & set(sys.modules))"
    assert run_python(script) == "\n"


def test_every_name_can_be_imported_and_is_listed() -> None:
    assert run_python("from patchmill import *; print(Lake.__name__, load_examples.__name__)") == "Lake load_examples\n"
    assert dir(patchmill) == sorted(patchmill.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Judgement'"):
        patchmill.Judgement  # noqa: B018


def test_examples_load_as_arrow_and_as_a_dataset_in_the_order_of_their_ids(small_lake: Path) -> None:
    table = load_examples(small_lake, "debugging_sft")
    assert isinstance(table, pa.Table)
    ids = table["example_id"].to_pylist()
    assert len(ids) == 3 and ids == sorted(ids)
    dataset = load_examples(str(small_lake), "debugging_sft", as_="datasets")
    assert isinstance(dataset, datasets.Dataset)
    assert dataset.to_list() == table.to_pylist()


@pytest.mark.parametrize(
    ("lake", "dataset", "as_", "message"),
    [
        pytest.param("missing", "debugging_sft", "arrow", "missing: no lake there", id="no lake"),
        pytest.param("{}", "debugging_sft", "arrow", "lake_path: .*got '{}'", id="no path"),
        pytest.param(
            "missing", "attempts", "arrow", "expected one of debugging_sft, .*got 'attempts'", id="no dataset"
        ),
        pytest.param("missing", "debugging_sft", "pandas", "expected arrow or datasets, got 'pandas'", id="no form"),
    ],
)
def test_what_cannot_be_loaded_is_named(lake: str, dataset: str, as_: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_examples(lake, dataset, as_)  # type: ignore[call-overload]
