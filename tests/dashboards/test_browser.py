"""A real browser visits every page: all are drawn, run nothing that a model wrote, and ask no other machine."""

from pathlib import Path

import pytest

from bench.browser import found, opened
from bench.served import DRAWN, PAGES, click, served
from dashboards.app import PAGES as TITLES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(found() is None, reason="no chromium here; Debian: apt-get install -y chromium"),
]
ERRORS = "[data-testid=stException], [data-testid=stAlertContentError]"
TEXTS = {"overview": "infrastructure errors", "pass-at-k": "Recipes", "drops": "assemble"}
"""A text of each page; of others it is the name of a problem."""


def test_every_page_is_drawn_and_asks_and_runs_nothing_else(lake: Path) -> None:
    with served(lake) as url, opened() as browser:
        browser.open(url)
        browser.wait(DRAWN, 120)
        for page in PAGES:
            click(browser, page)
            assert browser.js(f"document.querySelectorAll('{ERRORS}').length") == 0
            text = browser.js("document.querySelector('[data-testid=stMain]').innerText").strip()
            assert text.startswith(TITLES[page][1]), "nothing stands above the title"
            assert TEXTS.get(page, "double").lower() in text.lower()
        browser.js("document.querySelectorAll('details').forEach(d => d.setAttribute('open', ''))")
        assert browser.js("window.pwned") is None
        assert browser.js("document.querySelectorAll('img[src=x], a[href^=javascript]').length") == 0
        assert browser.hosts == {"127.0.0.1"}
        assert browser.errors == []
