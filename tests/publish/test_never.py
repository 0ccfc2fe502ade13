"""What may never leave does not, whatever the lake and the settings are."""

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.columns import Table
from storage.dataset_tables import DATASETS
from tasks.publish.settings import PublishSettings
from tasks.publish.task import publish_version
from tasks.publish.version import PROGRAMS
from tests.publish.lakes import BY_NAME, Planted, Verdict, fill

VERDICTS = st.builds(
    Verdict,
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


def may_leave(planted: Planted, table: Table) -> bool:
    """Said once more in words of Python: all programs judged, none of them ever flagged or failed on by the sandbox."""
    programs = planted.verdicts[: len(PROGRAMS[table.name])]
    return all(
        said and not any(one.verdict == "infra" or {"tampered", "flaky"} & set(one.flags) for one in said)
        for said in programs
    )


@pytest.mark.parametrize("name", [table.name for table in DATASETS])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    planted=st.lists(st.lists(st.lists(VERDICTS, max_size=3), min_size=2, max_size=2), min_size=1, max_size=8),
    gates=GATES,
)
def test_no_row_with_a_flagged_wavering_or_unjudged_program_is_ever_published(
    name: str, planted: list[list[list[Verdict]]], gates: list[dict[str, object]]
) -> None:
    table = BY_NAME[name]
    rows = [Planted(n, verdicts=verdicts) for n, verdicts in enumerate(planted)]
    with tempfile.TemporaryDirectory() as folder:
        lake = fill(Path(folder) / "lake", rows, table, buckets=1)
        how = PublishSettings.model_validate({"gates": gates})
        done = publish_version.fn(lake.settings, name, Path(folder) / "out", how, None)  # type: ignore[arg-type]
        files = sorted(Path(folder).glob(f"out/{name}/v1/data/*.parquet"))
        left = {example for file in files for example in pq.read_table(file)["example_id"].to_pylist()}
        wanted = {row.id for row in rows if may_leave(row, table)}
        assert left == wanted
        assert bool(done.blocked) == (not wanted), "where nothing may leave there is no version"
        assert not list(Path(folder).glob("out/*")) or wanted
