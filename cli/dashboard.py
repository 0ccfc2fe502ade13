"""`patchmill dashboard`: show a lake in a browser."""

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
STREAMLIT_OPTIONS = {
    "browser.gatherUsageStats": "false",
    "browser.serverAddress": HOST,  # else Streamlit asks the internet for this machine's address
    "server.address": HOST,
    "server.headless": "true",
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
    stderr.print(f"{root} is shown at http://{HOST}:{port}; press Ctrl-C to end", markup=False)
    options = [f"--{name}={value}" for name, value in {**STREAMLIT_OPTIONS, "server.port": str(port)}.items()]
    arguments = [sys.executable, "-m", "streamlit", "run", *options, str(APP)]
    lake_path = root if is_s3(root) else str(Path(root).resolve())
    sys.stdout.flush()
    os.execve(  # this process becomes the server: no signals to forward, no process left behind  # noqa: S606
        sys.executable, arguments, {**os.environ, "PATCHMILL_LAKE": lake_path, "PYTHONPATH": _python_path()}
    )


def _python_path() -> str:
    """Return PYTHONPATH with this repository first: Streamlit puts only dashboards/ on the path."""
    return os.pathsep.join([str(APP.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])


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
