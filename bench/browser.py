"""A headless Chromium that clicks, looks and counts requests, spoken to over its own debugging protocol."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip


def found() -> str | None:
    """Where Chromium is, if it is here."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. Errors of its scripts and the hosts it asked are kept."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._last = socket, 0
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result; what happens meanwhile is noted."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == self._last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            address = urlsplit(event["params"]["request"]["url"])
            if address.scheme in ("http", "https", "ws", "wss"):
                self.hosts.add(address.hostname or "")
        elif event.get("method") == "Network.webSocketCreated":
            self.hosts.add(urlsplit(event["params"]["url"]).hostname or "")
        elif event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]["exceptionDetails"])[:500])

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in got:
            raise RuntimeError(f"{expression}: {got['exceptionDetails'].get('text')}")
        return got["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> float:
        """Until an expression is true; returns how long it took.

        Raises:
            TimeoutError: it did not come true.
        """
        start = time.monotonic()
        while not self.js(expression):
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"not within {seconds:g} s: {expression}")
            time.sleep(0.02)
        return time.monotonic() - start

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def screenshot(self, path: Path, width: int = 1400, most_height: int = 4000, quality: int | None = None) -> None:
        """The page's whole content as PNG (or JPEG where `quality` is given)."""
        size = {"width": width, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", height=1000, **size)
        time.sleep(1)
        parts = "[...document.querySelectorAll('[data-testid=stMainBlockContainer], body')]"
        inner = self.js(f"Math.max(...{parts}.map(part => part.scrollHeight))")
        self.call("Emulation.setDeviceMetricsOverride", height=min(int(inner or 1000) + 20, most_height), **size)
        time.sleep(2)
        form = {"format": "jpeg", "quality": quality} if quality else {"format": "png"}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **form)["data"]))


@contextmanager
def opened() -> Iterator[Browser]:
    """A fresh Chromium with a profile of its own, ended with all its processes.

    Raises:
        FileNotFoundError: there is no Chromium here.
    """
    program = found()
    if program is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} on PATH; Debian: apt-get install -y chromium")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)
        try:
            yield from _connected(process, Path(profile) / "DevToolsActivePort")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _connected(process: "subprocess.Popen[bytes]", port_file: Path) -> Iterator[Browser]:
    import httpx

    deadline = time.monotonic() + 60
    while not (port_file.exists() and len(port_file.read_text().split()) == 2):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("Chromium did not start")
        time.sleep(0.1)
    port = port_file.read_text().split()[0]
    [tab, *_] = [t for t in httpx.get(f"http://127.0.0.1:{port}/json").json() if t["type"] == "page"]
    with connect(tab["webSocketDebuggerUrl"], max_size=None) as socket:
        yield Browser(socket)
