"""Ineligible rows are never published, whatever the lake holds and the settings say."""

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.columns import Table
from storage.dataset_tables import DATASETS
from tasks.publish.draft import PROGRAM_COLUMNS
from tasks.publish.settings import DatasetName, PublishSettings
from tests.publish.lakes import PlantedExample, PlantedExecution, fill_lake, publish

EXECUTIONS = st.builds(
    PlantedExecution,
    verdict=st.sampled_from(["passed", "failed", "error", "infra"]),
    flags=st.lists(st.sampled_from(["tampered", "flaky", "shared"]), unique=True).map(tuple),
    judge_version=st.integers(1, 3),
    suite=st.sampled_from(["given", "generated"]),
)
GATES = st.lists(
    st.sampled_from([
        {"kind": "rows", "least": 0, "action": "warn"},
        {"kind": "rate", "of": "infra", "most": 1},
        {"kind": "rate", "of": "tampered", "most": 1, "action": "warn"},
        {"kind": "contamination", "action": "warn"},
        {"kind": "balance", "column": "source", "most": 1},
    ]),
    max_size=3,
)  # fmt: skip


def is_eligible(example: PlantedExample, dataset: Table) -> bool:
    """Tell the same in Python: every program is judged, never flagged, and never met an infrastructure error."""
    programs = example.executions[: len(PROGRAM_COLUMNS[dataset.name])]
    return all(executions and not any(map(_is_unreliable, executions)) for executions in programs)


def _is_unreliable(execution: PlantedExecution) -> bool:
    return execution.verdict == "infra" or bool({"tampered", "flaky"} & set(execution.flags))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    executions=st.lists(
        st.lists(st.lists(EXECUTIONS, max_size=3), min_size=2, max_size=2), min_size=1, max_size=8
    ),
    gates=GATES,
)  # fmt: skip
def test_no_row_with_a_flagged_or_unjudged_program_is_ever_published(
    dataset: Table, executions: list[list[list[PlantedExecution]]], gates: list[dict[str, object]]
) -> None:
    name: DatasetName = dataset.name  # type: ignore[assignment]
    examples = [PlantedExample(number, executions=programs) for number, programs in enumerate(executions)]
    with tempfile.TemporaryDirectory() as folder:
        lake = fill_lake(Path(folder) / "lake", examples, dataset, buckets=1)
        result = publish(lake, Path(folder) / "out", name, PublishSettings.model_validate({"gates": gates}))
        files = sorted(Path(folder).glob(f"out/{name}/v1/data/*.parquet"))
        published = {example_id for file in files for example_id in pq.read_table(file)["example_id"].to_pylist()}
        eligible = {example.example_id for example in examples if is_eligible(example, dataset)}
        assert published == eligible
        assert bool(result.blocking_gates()) == (not eligible), "without eligible rows there is no version"
        assert not list(Path(folder).glob("out/*")) or eligible
