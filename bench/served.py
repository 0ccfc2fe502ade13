"""The dashboard as people get it: the command, a browser, and clicks on the names of its pages."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.browser import Browser

ROOT = Path(__file__).parents[1]
PAGES = ("overview", "pass-at-k", "scores", "problem", "drops", "efficiency", "strength")
DRAWN = """(() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1')
    && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]');
})()"""
"""True once the script has ended and nothing of the last page is left."""


@contextmanager
def served(lake: Path) -> Iterator[str]:
    """`patchmill dashboard` on a free port; yields its address.

    Raises:
        RuntimeError: it did not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    main = "import typer; from cli import dashboard; typer.run(dashboard.command)"
    command = [sys.executable, "-c", main, "--lake", str(lake), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while not _healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"the dashboard did not start: {process.communicate()[1]}")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.communicate()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def click(browser: Browser, page: str, seconds: float = 120) -> float:
    """Go to a page by its name in the sidebar; seconds until it is drawn."""
    address = "/" if page == "overview" else f"/{page}"
    links = "[...document.querySelectorAll('[data-testid=stSidebarNavLink]')]"
    there = f"{links}.find(a => new URL(a.href).pathname === '{address}')"
    browser.wait(there + " !== undefined", seconds)
    start = time.monotonic()
    browser.js(f"{there}.click()")
    browser.wait(f"location.pathname === '{address}'", seconds)
    time.sleep(0.05)  # the click's rerun begins
    browser.wait(DRAWN, seconds)
    return time.monotonic() - start
