"""`patchmill up`: Prefect's server, pools, deployments, automations, workers and the dashboard on this machine."""

import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer

from cli.background import BackgroundProcess, python_command, read_processes, start_process, wait_until_ready
from cli.deploy import CONFIG, ConfigArgument, NotifyOption, SetOption
from cli.options import JsonOption, print_json, print_table, stderr
from storage.errors import ConfigError
from tasks.models.settings import home

if TYPE_CHECKING:
    from cli.operation import OperationFiles, UpSettings

NO_INSTALL = ("--install-policy", "never")
CLOSED_PROXY = "http://127.0.0.1:9"
"""A proxy on the discard port, where nothing listens: requests through it fail at once."""


def command(
    config: ConfigArgument = CONFIG,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of Prefect's server and UI.")] = None,
    dashboard_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = None,
    sets: SetOption = None,
    notify: NotifyOption = None,
    status: Annotated[
        bool, typer.Option("--status", help="Print what is up and start nothing; exit 1 where something is not up.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start in the background whatever is not up yet. `patchmill down` ends it."""
    if not status:
        stderr.print("[dim]checking ...[/dim]")
        from cli import operation

        settings = operation.read_settings(config, sets, port=port, dashboard_port=dashboard_port, notify=notify)
        with stderr.status("starting ..."):
            _start_missing(settings, operation.read_files(settings))
    rows = _part_rows()
    if as_json:
        print_json(rows)
    else:
        print_table({name: value for name, value in row.items() if name != "log"} for row in rows)
        stderr.print(f"logs: {home() / 'up'}", markup=False, soft_wrap=True)
    if not rows or any(row["state"] != "up" for row in rows):
        raise typer.Exit(1)


def _start_missing(settings: "UpSettings", files: "OperationFiles") -> None:
    """Start the server, apply the files, then start the dashboard and a worker for each pool."""
    from cli.operation import apply_files, process_folder
    from flows.serving.server import has_online_worker

    folder, url = process_folder(), settings.url
    environment = _environment(settings)
    os.environ.update(environment)  # for this process's own requests to the server
    running = {name: process for name, process in read_processes(folder).items() if process.is_running()}
    if (server := running.get("server")) is not None and server.url != url:
        raise ConfigError(f"Prefect's server is up at {server.url}; `patchmill down` first, to start it at {url}")
    if server is None:
        _check_port(settings.host, settings.port, "--port")
        address = ("--host", settings.host, "--port", str(settings.port))
        command = python_command("-m", "prefect", "server", "start", *address, "--analytics-off")
        server = start_process(folder, "server", command, _server_environment(settings), url)
        _require_ready(server, lambda: _answers(url), settings.start_timeout_s)
    apply_files(url, settings, files)
    if settings.dashboard and "dashboard" not in running:
        _start_dashboard(settings, files, folder)
    for pool in settings.pools:
        if (name := f"worker-{pool}") not in running:
            worker_name = f"{pool}@{socket.gethostname()}"
            arguments = ("worker", "start", "--pool", pool, "--name", worker_name, "--type", "process", *NO_INSTALL)
            worker = start_process(folder, name, python_command("-m", "prefect", *arguments), environment)
            _require_ready(worker, partial(has_online_worker, url, pool), settings.start_timeout_s)


def _environment(settings: "UpSettings") -> dict[str, str]:
    """Return the variables of all parts; the user's own settings of Prefect win, except for addresses."""
    prefect_home = os.environ.get("PREFECT_HOME") or str(home() / "prefect")
    own_programs = str(Path(sys.executable).parent)  # a bwrap from a wheel lies there
    return {
        "PREFECT_HOME": prefect_home,
        "PREFECT_API_URL": settings.url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(settings.heartbeat_s),
        "PREFECT_LOGGING_EXTRA_LOGGERS": os.environ.get("PREFECT_LOGGING_EXTRA_LOGGERS", "flows,tasks,storage"),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",  # into the log files
        "PATCHMILL_DASHBOARD_URL": f"http://127.0.0.1:{settings.dashboard_port}",
        "PATH": os.pathsep.join([own_programs, os.environ.get("PATH", os.defpath)]),
    }


def _server_environment(settings: "UpSettings") -> dict[str, str]:
    """Return the variables of Prefect's server."""
    environment = {
        **_environment(settings),
        "PREFECT_SERVER_UI_API_URL": settings.url,
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # The default keeps leases in memory: a restart would lose them and block a run's slot for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }
    if settings.database_url:
        environment["PREFECT_API_DATABASE_CONNECTION_URL"] = settings.database_url
    if settings.offline:
        environment |= dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), CLOSED_PROXY)
        environment["NO_PROXY"] = "127.0.0.1,localhost,::1"
    return environment


def _start_dashboard(settings: "UpSettings", files: "OperationFiles", folder: Path) -> None:
    """Start the dashboard, where it is installed and a deployment names a lake."""
    lake = files.lake()
    if lake is None or not _is_dashboard_installed():
        return
    from storage.lake import Lake

    assert Lake(lake).buckets  # reading them creates the lake, which the dashboard requires
    _check_port("127.0.0.1", settings.dashboard_port, "--dashboard-port")
    arguments = ("dashboard", "--lake", lake.path, "--port", str(settings.dashboard_port))
    url = f"http://127.0.0.1:{settings.dashboard_port}"
    command = python_command("-c", "from cli.main import main; main()", *arguments)
    dashboard = start_process(folder, "dashboard", command, {}, url)
    _require_ready(dashboard, lambda: _answers(url, "/"), settings.start_timeout_s)


def _is_dashboard_installed() -> bool:
    return find_spec("cli.dashboard") is not None and find_spec("streamlit") is not None


def _require_ready(process: BackgroundProcess, is_ready: Callable[[], bool], timeout_s: float) -> None:
    from flows.serving.server import OperationError

    if reason := wait_until_ready(process, is_ready, timeout_s):
        raise OperationError(f"{process.name}: {reason}")


def _answers(url: str, path: str = "/health") -> bool:
    import httpx

    try:
        return httpx.get(f"{url}{path}", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _check_port(host: str, port: int, option: str) -> None:
    """Check that a port is free.

    Raises:
        ConfigError: it is taken; names the process that listens there, where the system shows it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"{error.strerror or error}{_listening_process(port)}"
            raise ConfigError(f"{option} {port}: cannot listen on {host}: {reason}; choose another port") from None


def _listening_process(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or not connection.pid:
                continue
            if connection.laddr.port == port:
                return f", by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        pass
    return ""


def _part_rows() -> list[dict[str, object]]:
    return [
        {
            "part": name,
            "state": _state(process),
            "pid": process.pid,
            "url": process.url.removesuffix("/api"),
            "log": process.log,
        }
        for name, process in read_processes(home() / "up").items()
    ]


def _state(process: BackgroundProcess) -> str:
    if not process.is_running():
        return "gone"
    path = "/" if process.name == "dashboard" else "/health"
    return "up" if not process.url or _answers(process.url, path) else "silent"
