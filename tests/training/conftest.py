"""A small lake with all three preference data sets."""

import pytest

from storage.lake import Lake, LakeSettings
from tasks.assemble.settings import PreferenceSettings
from tasks.assemble.task import assemble_preference
from tests.training.lakes import Program, fill, told_apart


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Six problems in two buckets; of each, one pair by correctness, one by speed, and two labels."""
    made = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("preference") / "lake"), buckets=2))
    for i in range(6):
        told = told_apart(f"b{i}", f"a{i}")
        programs = [
            Program(f"a{i}", 1.0, "111", given=True, pair=told[f"a{i}"]),
            Program(f"b{i}", 0.8, "110", given=True, pair=told[f"b{i}"]),
            Program(f"c{i}", 0.1, "100", given=False),
        ]
        fill(made, programs, f"{i:08x}")
    assert assemble_preference.fn(made.settings, PreferenceSettings()) == {
        "preference_correctness": 6, "preference_kto": 12, "preference_efficiency": 6,
    }  # fmt: skip
    return made
