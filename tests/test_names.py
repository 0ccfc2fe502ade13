"""The packages storage, tasks, flows and cli have common names: imports must find those of this repository."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["storage", "tasks", "flows", "cli"])
def test_common_package_names_resolve_to_this_repository(name: str) -> None:
    module = importlib.import_module(name)
    assert Path(module.__file__ or "").is_relative_to(ROOT)
