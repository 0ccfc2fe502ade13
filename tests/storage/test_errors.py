"""Errors keep their message and fields on the way from a worker of Dask or Ray to the run."""

import pickle
from pathlib import Path

import pytest

from storage.errors import ConfigError, HeldError, LakeError, ModelError, PatchmillError, PublishError


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("a: wrong", source=Path("a"), field="lake.path"),
        ModelError("no server"),
        LakeError("attempts@v3: cannot be read", table="attempts", version=3),
        HeldError("lake: held", owner="flow run 7", pid=1, host="h"),
        PublishError("v1: cannot be written", path=Path("v1")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_pickling(error: PatchmillError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
