"""Lakes, and pages that run without a browser."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import LAKE
from tests.dashboards.lakes import write_empty_lake, write_small_lake

RunPage = Callable[[str, Path], AppTest]
PAGE_NAMES = ("overview", "pass_at_k", "scores", "problem", "drops", "efficiency", "strength")
"""Modules of dashboards/pages."""


def page_script(name: str) -> str:
    """Return a script that draws one page."""
    return f"from dashboards.pages import {name}\n{name}.page()"


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_lake(tmp_path_factory.mktemp("dashboards") / "lake")


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_empty_lake(tmp_path_factory.mktemp("dashboards") / "empty")


@pytest.fixture(autouse=True)
def restore_main_module() -> Iterator[None]:
    """Put the main module back: Streamlit replaces it with the page, which processes of later tests would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch) -> RunPage:
    """Draw one page over a lake."""

    def run(name: str, root: Path) -> AppTest:
        monkeypatch.setenv(LAKE, str(root))
        return AppTest.from_string(page_script(name), default_timeout=60).run()

    return run
