"""Every page shows what is in the lake, in plain words where there is nothing or no lake."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboards.app
from dashboards.app import PAGES
from dashboards.page import LAKE

Page = Callable[[str, Path], AppTest]
NAMES = ("overview", "pass_at_k", "scores", "problem", "drops", "efficiency", "strength")


def shown(app: AppTest) -> str:
    """All text of a page, its HTML and its tables among them."""
    assert not app.exception, app.exception[0].value
    assert not app.error, app.error[0].value
    kinds = (app.title, app.subheader, app.caption, app.markdown, app.info, app.metric, app.get("html"))
    parts = [str(getattr(piece, "value", "") or piece.proto) for kind in kinds for piece in kind]
    return "\n".join([*parts, *(table.value.to_string() for table in app.dataframe)])


@pytest.mark.parametrize("name", NAMES)
def test_every_page_runs_and_has_its_charts(run_page: Page, lake: Path, name: str) -> None:
    app = run_page(name, lake)
    shown(app)
    assert name == "problem" or app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_says_so_where_the_lake_is_empty(run_page: Page, empty: Path, name: str) -> None:
    app = run_page(name, empty)
    assert "No problem in this lake yet" in shown(app)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_path_is_one_line(run_page: Page, tmp_path: Path, name: str) -> None:
    app = run_page(name, tmp_path / "none")
    [error] = app.error
    assert "no lake there" in error.value and "\n" not in error.value
    assert not app.exception and not (tmp_path / "none").exists()


def test_the_application_opens_with_the_overview(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    monkeypatch.setenv(LAKE, str(lake))
    app = AppTest.from_file(dashboards.app.__file__, default_timeout=60).run()
    assert "Overview" in shown(app)
    assert {page.replace("-", "_") for page in PAGES} == set(NAMES)


def test_the_overview_counts_by_the_newest_verdict(run_page: Page, lake: Path) -> None:
    figures = {metric.label: metric.value for metric in run_page("overview", lake).metric}
    assert figures == {
        "problems": "3", "first attempts": "4", "repairs": "1", "examples": "1", "pairs": "2",
        "tampering": "25.0%", "hiccups of ours": "0.0%", "not judged yet": "1",
    }  # fmt: skip


def test_the_problem_page_shows_a_mended_problem_first_and_finds_others(run_page: Page, lake: Path) -> None:
    app = run_page("problem", lake)
    text = shown(app)
    assert "1 repairs of which 1 verified" in text and "It squares." in text and "pm-diff" in text
    assert "assert double(2) == 4" in text and "pm-grid" in text
    assert app.query_params["problem"] == "double"
    app.text_input(key="search").set_value("write NEVER").run()
    assert app.query_params["problem"] == "never"
    assert "unjudged" in shown(app)
    app.text_input(key="search").set_value("nothing has this").run()
    assert "No problem matches" in shown(app)


def test_a_problem_in_the_address_is_the_one_shown(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    monkeypatch.setenv(LAKE, str(lake))
    app = AppTest.from_string("from dashboards.pages import problem\nproblem.page()", default_timeout=60)
    app.query_params["problem"] = "untouched"
    app.run()
    assert "Write untouched." in shown(app) and "no programs" in shown(app)


def test_pairs_show_both_programs_with_what_the_tests_said(run_page: Page, lake: Path) -> None:
    app = run_page("scores", lake)
    text = shown(app)
    assert "rejected: wrong by the problem" in text and "chosen: right" in text
    assert "preference_correctness" in text and "preference_efficiency" in text


def test_what_changed_in_the_lake_shows_after_looking_again(run_page: Page, tmp_path: Path) -> None:
    from storage.lake import Lake, LakeSettings
    from storage.tables import PROBLEMS
    from tests.builders import row
    from tests.dashboards.lakes import empty_lake

    root = empty_lake(tmp_path / "lake")
    app = run_page("overview", root)
    Lake(LakeSettings(path=str(root))).append(PROBLEMS, [row(PROBLEMS, problem_id="p", source="s")])
    assert "No problem in this lake yet" in shown(app.run())  # pages follow with a delay
    app.button[0].click().run()
    assert {metric.label: metric.value for metric in app.metric}["problems"] == "1"
