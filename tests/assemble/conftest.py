"""An empty lake of one bucket."""

from pathlib import Path

import pytest

from storage.lake import Lake, LakeSettings


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
