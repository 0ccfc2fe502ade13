"""`patchmill dashboard`: show a lake in a browser."""

import asyncio
import importlib
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import LakeOption, open_lake, stderr
from storage.errors import ConfigError
from storage.s3.store import is_s3

HOST = "127.0.0.1"
APP = Path(__file__).parents[1] / "dashboards/app.py"
WITH_PAGES = ("numpy", "pandas", "pyarrow", "altair", "duckdb", "deltalake", "streamlit", "dashboards.app")
"""What pages import, and Streamlit for them once it shows a table or a chart."""
STREAMLIT_OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "browser.serverAddress": HOST,  # else Streamlit asks the internet for this machine's address
    "server.address": HOST,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "type",
    "theme.base": "light",
    "logger.level": "error",
}


def command(
    lake: LakeOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on, on 127.0.0.1.")] = 8501,
) -> None:
    """Show the lake in a browser, on this machine only. The pages only read, and load nothing from other machines."""
    root = open_lake(lake).root
    _check_port(port)
    stderr.print("[dim]starting ...[/dim]")
    os.environ["PATCHMILL_LAKE"] = root if is_s3(root) else str(Path(root).resolve())
    asyncio.run(_serve(port, f"{root} is shown at http://{HOST}:{port}; press Ctrl-C to end"))


async def _serve(port: int, words: str) -> None:
    """Run Streamlit's server in this process until a signal ends it."""
    for name in WITH_PAGES:  # sessions run in threads, and a module that two threads begin to import may be seen half
        importlib.import_module(name)
    from streamlit.web import bootstrap
    from streamlit.web.server import Server

    options = {**STREAMLIT_OPTIONS, "server.port": port}
    bootstrap.load_config_options({name.replace(".", "_"): value for name, value in options.items()})
    sys.path.insert(0, str(APP.parent))  # as `streamlit run` does
    server = Server(str(APP), is_hello=False)
    await server.start()
    bootstrap.prepare_streamlit_environment(str(APP))
    stderr.print(words, markup=False, soft_wrap=True)
    await server.stopped


def _check_port(port: int) -> None:
    """Check that a port is free.

    Raises:
        ConfigError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot listen on {HOST}: {error.strerror}; choose another port"
            ) from None
