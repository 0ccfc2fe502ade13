"""Every page shows what the lake holds, and says in plain words that there is nothing, or no lake."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboards.app
from dashboards.app import PAGES
from dashboards.page import LAKE
from storage.lake import Lake, LakeSettings
from storage.tables import PROBLEMS
from tests.builders import row
from tests.dashboards.conftest import PAGE_NAMES, RunPage, page_script
from tests.dashboards.lakes import write_empty_lake


def read_text(app: AppTest) -> str:
    """Return all text of a page with its HTML and tables; fails where the page shows an error."""
    assert not app.exception, app.exception[0].value
    assert not app.error, app.error[0].value
    kinds = (app.title, app.subheader, app.caption, app.markdown, app.info, app.metric, app.get("html"))
    parts = [str(getattr(element, "value", "") or element.proto) for kind in kinds for element in kind]
    return "\n".join([*parts, *(table.value.to_string() for table in app.dataframe)])


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_page_runs_and_has_its_charts(run_page: RunPage, lake: Path, name: str) -> None:
    app = run_page(name, lake)
    read_text(app)
    assert name == "problem" or app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_header_of_a_table_is_words(run_page: RunPage, lake: Path, name: str) -> None:
    headers = [header for table in run_page(name, lake).dataframe for header in table.value.columns]
    assert headers and not [header for header in headers if "_" in header]


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_page_says_that_the_lake_is_empty(run_page: RunPage, empty_lake: Path, name: str) -> None:
    assert "No problem in this lake yet" in read_text(run_page(name, empty_lake))


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_a_missing_lake_is_one_line_and_is_not_created(run_page: RunPage, tmp_path: Path, name: str) -> None:
    app = run_page(name, tmp_path / "none")
    [error] = app.error
    assert "no lake there" in error.value and "\n" not in error.value
    assert not app.exception and not (tmp_path / "none").exists()


def test_the_application_opens_with_the_overview(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    monkeypatch.setenv(LAKE, str(lake))
    app = AppTest.from_file(dashboards.app.__file__, default_timeout=60).run()
    assert "Overview" in read_text(app)
    assert {page.replace("-", "_") for page in PAGES} == set(PAGE_NAMES)


def test_the_overview_counts_by_the_newest_verdict(run_page: RunPage, lake: Path) -> None:
    figures = {metric.label: metric.value for metric in run_page("overview", lake).metric}
    assert figures == {
        "problems": "3", "first attempts": "4", "repairs": "1", "examples": "1", "pairs": "2",
        "tampering": "25.0%", "infrastructure errors": "0.0%", "not judged yet": "1",
    }  # fmt: skip


def test_the_problem_page_opens_with_a_repaired_problem_and_searches_others(run_page: RunPage, lake: Path) -> None:
    app = run_page("problem", lake)
    text = read_text(app)
    assert "1 repair, 1 verified" in text and "It squares." in text and "pm-diff" in text
    assert "assert double(2) == 4" in text and "pm-grid" in text
    assert app.query_params["problem"] == "double"
    app.text_input(key="search").set_value("write NEVER").run()
    assert app.query_params["problem"] == "never"
    assert "not judged" in read_text(app)
    app.text_input(key="search").set_value("no problem has this").run()
    assert "No problem matches" in read_text(app)


def test_the_address_names_the_problem(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    monkeypatch.setenv(LAKE, str(lake))
    app = AppTest.from_string(page_script("problem"), default_timeout=60)
    app.query_params["problem"] = "untouched"
    app.run()
    assert "Write untouched." in read_text(app) and "no programs" in read_text(app)


def test_a_pair_shows_both_programs_with_their_verdicts(run_page: RunPage, lake: Path) -> None:
    text = read_text(run_page("scores", lake))
    assert "rejected: wrong by the problem" in text and "chosen: right" in text
    assert "preference_correctness" in text and "preference_efficiency" in text


def test_a_change_of_the_lake_shows_after_looking_again(run_page: RunPage, tmp_path: Path) -> None:
    root = write_empty_lake(tmp_path / "lake")
    app = run_page("overview", root)
    Lake(LakeSettings(path=str(root))).append(PROBLEMS, [row(PROBLEMS, problem_id="p", source="s")])
    assert "No problem in this lake yet" in read_text(app.run()), "pages follow the lake with a delay"
    app.button[0].click().run()
    assert {metric.label: metric.value for metric in app.metric}["problems"] == "1"
