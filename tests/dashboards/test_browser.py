"""A real browser visits every page: all are drawn, run nothing that a model wrote, and ask no other machine."""

from pathlib import Path

import pytest

from bench.browser import find_chromium, open_page
from bench.dashboard_server import PAGES, open_url, serve_dashboard, visit_page
from dashboards.app import PAGES as TITLES

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no chromium here; Debian: apt-get install -y chromium")
ERRORS = "[data-testid=stException], [data-testid=stAlertContentError]"
TEXTS = {"overview": "infrastructure errors", "pass-at-k": "Recipes", "drops": "assemble"}
"""A text of each page; of others it is the name of a problem."""


def test_the_first_page_of_a_cold_dashboard_is_drawn(lake: Path) -> None:
    """The browser asks as soon as the server listens: nothing has been imported by an earlier page."""
    with open_page() as record, serve_dashboard(lake) as url:
        open_url(record.page, url)
        assert record.page.locator(ERRORS).all_inner_texts() == []
        assert TEXTS["overview"] in record.page.locator("[data-testid=stMain]").inner_text().lower()
        assert record.errors == []


@pytest.mark.slow
def test_every_page_is_drawn_and_asks_and_runs_nothing_else(lake: Path) -> None:
    with serve_dashboard(lake) as url, open_page() as record:
        page = record.page
        open_url(page, url)
        for name in PAGES:
            visit_page(page, name)
            assert page.locator(ERRORS).count() == 0
            text = page.locator("[data-testid=stMain]").inner_text().strip()
            assert text.startswith(TITLES[name][1]), "nothing stands above the title"
            assert TEXTS.get(name, "double").lower() in text.lower()
        page.evaluate("document.querySelectorAll('details').forEach(d => d.setAttribute('open', ''))")
        assert page.evaluate("window.pwned") is None
        assert page.locator("img[src=x], a[href^=javascript]").count() == 0
        assert record.hosts == {"127.0.0.1"}
        assert record.errors == []
