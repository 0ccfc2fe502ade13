"""storage, tasks, flows, cli are common names: they must be ours."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["storage", "tasks", "flows", "cli"])
def test_our_package_names_resolve_to_this_repository(name: str) -> None:
    module = importlib.import_module(name)
    assert Path(module.__file__ or "").is_relative_to(ROOT)
