"""`patchmill dashboard`: the lake in a browser."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import LakeOption, open_lake, stderr
from storage.errors import ConfigError
from storage.s3.store import remote

HOST = "127.0.0.1"
APP = Path(__file__).parents[1] / "dashboards/app.py"
QUIET = {
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
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine's own address.")] = 8501,
) -> None:
    """Show the lake in a browser, on this machine alone. Reads only; fetches nothing from elsewhere."""
    root = open_lake(lake).root
    _free(port)
    stderr.print(f"http://{HOST}:{port} shows {root}; Ctrl-C ends it", markup=False)
    options = [f"--{name}={value}" for name, value in {**QUIET, "server.port": str(port)}.items()]
    arguments = [sys.executable, "-m", "streamlit", "run", *options, str(APP)]
    where = root if remote(root) else str(Path(root).resolve())
    sys.stdout.flush()
    os.execve(  # this process becomes the server: nothing to forward signals to, nothing left behind  # noqa: S606
        sys.executable, arguments, {**os.environ, "PATCHMILL_LAKE": where, "PYTHONPATH": _path()}
    )


def _path() -> str:
    """Streamlit puts dashboards/ first on the path; ours must be found whatever else is there."""
    return os.pathsep.join([str(APP.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(f"--port {port}: cannot listen there ({error.strerror}); name another") from None
