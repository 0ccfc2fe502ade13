"""The dashboard as users see it: the command `patchmill dashboard`, and visits of its pages in a browser."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
PAGES = ("overview", "pass-at-k", "scores", "problem", "drops", "efficiency", "strength")
"""Last parts of the pages' addresses, in the order of the sidebar."""
COMMAND = "from cli.main import main; main()"
IS_DRAWN = """(() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1')
    && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]');
})()"""
"""True once the script of the page has ended and nothing of the last page is left."""
START_S = 120


@contextmanager
def serve_dashboard(lake: Path) -> Iterator[str]:
    """Run `patchmill dashboard` on a free port and yield its address.

    Raises:
        RuntimeError: it did not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", COMMAND, "dashboard", "--lake", str(lake), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while not _is_healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"the dashboard did not start: {process.communicate()[1]}")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.communicate()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def open_url(page: Page, url: str, timeout_s: float = 120) -> None:
    """Load an address of the dashboard and wait until it is drawn."""
    page.goto(url)
    page.wait_for_function(IS_DRAWN, timeout=timeout_s * 1000)


def visit_page(page: Page, name: str, timeout_s: float = 120) -> float:
    """Click a page's name in the sidebar; return the seconds until the page is drawn."""
    path = "/" if name == "overview" else f"/{name}"
    link = page.locator(f"[data-testid=stSidebarNavLink][href$='{path}']")
    link.wait_for(timeout=timeout_s * 1000)
    began = time.monotonic()
    link.click()
    page.wait_for_function(f"location.pathname === '{path}'", timeout=timeout_s * 1000)
    page.wait_for_timeout(50)  # the click's rerun begins
    page.wait_for_function(IS_DRAWN, timeout=timeout_s * 1000)
    return time.monotonic() - began
