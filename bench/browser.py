"""Chromium of this machine, driven by Playwright: a page that records the hosts it asks and the errors it throws."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTH, HEIGHT, MAX_HEIGHT = 1400, 1000, 4000
TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class RecordedPage:
    """A page, and what it did since it was opened."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    """Hosts that it sent requests to, or opened a WebSocket to."""
    errors: list[str] = field(default_factory=list)
    """Errors that its scripts threw and did not catch."""

    def add_host(self, url: str) -> None:
        """Record the host of a URL, unless the URL needs no network."""
        address = urlsplit(url)
        if address.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(address.hostname or "")


def find_chromium() -> str | None:
    """Return the path of Chromium, or None where it is not installed."""
    return next((path for program in PROGRAMS if (path := shutil.which(program))), None)


@contextmanager
def open_page() -> Iterator[RecordedPage]:
    """Start Chromium with an empty profile and yield its page; end it afterwards.

    Raises:
        FileNotFoundError: Chromium is not installed.
    """
    program = find_chromium()
    if program is None:
        raise FileNotFoundError(f"none of {', '.join(PROGRAMS)} on PATH; Debian: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(TIMEOUT_MS)
        record = RecordedPage(page)
        page.on("request", lambda request: record.add_host(request.url))
        page.on("websocket", lambda websocket: record.add_host(websocket.url))
        page.on("pageerror", lambda error: record.errors.append(str(error)[:500]))
        yield record
        browser.close()


def save_screenshot(page: Page, path: Path) -> None:
    """Write a PNG of the page's whole content, which scrolls inside an element of its own on Streamlit's pages."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.wait_for_timeout(1000)  # charts are drawn anew in another size, and announce no end
    parts = "[...document.querySelectorAll('[data-testid=stMainBlockContainer], body')]"
    content_height = int(page.evaluate(f"Math.max(...{parts}.map(part => part.scrollHeight))"))
    page.set_viewport_size({"width": WIDTH, "height": min(content_height + 20, MAX_HEIGHT)})
    page.wait_for_timeout(2000)
    page.screenshot(path=path)
