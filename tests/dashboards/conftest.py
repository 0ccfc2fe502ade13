"""Lakes, and a page run without a browser."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import LAKE
from tests.dashboards.lakes import empty_lake, small_lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_lake(tmp_path_factory.mktemp("dashboards") / "lake")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_lake(tmp_path_factory.mktemp("dashboards") / "empty")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit makes the page the main module; a process that a later test spawns would run it again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], AppTest]:
    """Run one page over a lake."""

    def run(name: str, root: Path) -> AppTest:
        monkeypatch.setenv(LAKE, str(root))
        text = f"from dashboards.pages import {name}\n{name}.page()"
        return AppTest.from_string(text, default_timeout=60).run()

    return run
