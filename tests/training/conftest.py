"""A small lake with all three preference datasets."""

import pytest

from storage.lake import Lake, LakeSettings
from tests.assemble.lakes import ScoredProgram, add_problem, assemble, timing_pair
from tests.cli.conftest import run_command  # noqa: F401 a fixture


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Six problems in two buckets; of each, one pair by correctness, one by speed, and two labels."""
    lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("preference") / "lake"), buckets=2))
    for number in range(6):
        timing = timing_pair(f"b{number}", f"a{number}")
        programs = [
            ScoredProgram(f"a{number}", 1.0, "111", passes_given=True, timing=timing[f"a{number}"]),
            ScoredProgram(f"b{number}", 0.8, "110", passes_given=True, timing=timing[f"b{number}"]),
            ScoredProgram(f"c{number}", 0.1, "100", passes_given=False),
        ]
        add_problem(lake, programs, f"{number:08x}")
    assert assemble(lake) == {"preference_correctness": 6, "preference_kto": 12, "preference_efficiency": 6}
    return lake
