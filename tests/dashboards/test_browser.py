"""A real browser clicks through every page: they are drawn, run nothing of a model's, and ask no other machine."""

from pathlib import Path

import pytest

from bench.browser import found, opened
from bench.served import DRAWN, PAGES, click, served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(found() is None, reason="no chromium here; Debian: apt-get install -y chromium"),
]
FAILED = "[data-testid=stException], [data-testid=stAlertContentError]"


def test_every_page_is_drawn_and_nothing_else_is_asked_or_run(lake: Path) -> None:
    with served(lake) as url, opened() as browser:
        browser.open(url)
        browser.wait(DRAWN, 120)
        for page in PAGES:
            click(browser, page)
            assert browser.js(f"document.querySelectorAll('{FAILED}').length") == 0
            text = browser.js("document.querySelector('[data-testid=stMain]').innerText")
            assert ("assemble" if page == "drops" else "double") in text or page in ("overview", "pass-at-k")
        browser.js("document.querySelectorAll('details').forEach(d => d.setAttribute('open', ''))")
        assert browser.js("window.pwned") is None
        assert browser.js("document.querySelectorAll('img[src=x], a[href^=javascript]').length") == 0
        assert browser.hosts == {"127.0.0.1"}
        assert browser.errors == []
