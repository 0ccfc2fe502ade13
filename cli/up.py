"""`patchmill up`: Prefect's server, pools, deployments, automations, workers and the dashboard on this machine."""

import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import psutil
import typer

from cli.background import Started, found, python, start, wait_for
from cli.deploy import CONFIG, ConfigArgument, NotifyOption, SetOption
from cli.options import JsonOption, print_json, print_table, stderr
from storage.errors import ConfigError
from tasks.models.settings import home

if TYPE_CHECKING:
    from cli.operation import Checked, UpSettings

NO_INSTALL = ("--install-policy", "never")
NOWHERE = "http://127.0.0.1:9"  # a proxy that nobody serves: what is sent to it fails at once


def command(
    config: ConfigArgument = CONFIG,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Of Prefect's server and UI.")] = None,
    dashboard_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Of the dashboard.")] = None,
    sets: SetOption = None,
    notify: NotifyOption = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say what is up; exit 1 where something is not.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start everything in the background, or what is missing of it. `patchmill down` ends it."""
    if not status:
        stderr.print("[dim]checking ...[/dim]")
        from cli import operation

        settings = operation.read(config, sets, port=port, dashboard_port=dashboard_port, notify=notify)
        with stderr.status("starting ..."):
            _start_all(settings, operation.check(settings))
    rows = _rows()
    if as_json:
        print_json(rows)
    else:
        print_table({name: value for name, value in row.items() if name != "log"} for row in rows)
        stderr.print(f"logs: {home() / 'up'}", markup=False, soft_wrap=True)
    if not rows or any(row["state"] != "up" for row in rows):
        raise typer.Exit(1)


def _start_all(settings: "UpSettings", checked: "Checked") -> None:
    from cli.operation import apply_all, folder

    where, url = folder(), settings.url
    environment = _environment(settings)
    os.environ.update(environment)  # for what is asked of the server from here
    running = {name: one for name, one in found(where).items() if one.runs()}
    if (server := running.get("server")) is not None and server.url != url:
        raise ConfigError(f"Prefect's server is up at {server.url}; `patchmill down` first, to start it at {url}")
    if server is None:
        _free(settings.host, settings.port, "--port")
        listen = ("--host", settings.host, "--port", str(settings.port))
        command = python("-m", "prefect", "server", "start", *listen, "--analytics-off")
        server = start(where, "server", command, _of_server(settings), url)
        _insist(server, lambda: _answers(url), settings.start_timeout_s)
    apply_all(url, settings, checked)
    _start_dashboard(settings, checked, running, where)
    for pool in settings.pools:
        if (name := f"worker-{pool}") not in running:
            called = f"{pool}@{socket.gethostname()}"
            arguments = ("worker", "start", "--pool", pool, "--name", called, "--type", "process", *NO_INSTALL)
            worker = start(where, name, python("-m", "prefect", *arguments), environment)
            _insist(worker, partial(_online, url, pool), settings.start_timeout_s)


def _environment(settings: "UpSettings") -> dict[str, str]:
    """What all parts are told; a person's own settings of Prefect win where they are not about the address."""
    prefect_home = os.environ.get("PREFECT_HOME") or str(home() / "prefect")
    return {
        "PREFECT_HOME": prefect_home,
        "PREFECT_API_URL": settings.url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(settings.heartbeat_s),
        "PREFECT_LOGGING_EXTRA_LOGGERS": os.environ.get("PREFECT_LOGGING_EXTRA_LOGGERS", "flows,tasks,storage"),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",  # into the log files
        "PATCHMILL_DASHBOARD_URL": f"http://127.0.0.1:{settings.dashboard_port}",
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        ),  # bwrap's wheel
    }


def _of_server(settings: "UpSettings") -> dict[str, str]:
    """What the server alone is told."""
    own = {
        **_environment(settings),
        "PREFECT_SERVER_UI_API_URL": settings.url,
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Kept in memory, as is the default, a restart would lose them, and a run's place would stay taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }
    if settings.database_url:
        own["PREFECT_API_DATABASE_CONNECTION_URL"] = settings.database_url
    if settings.offline:
        own |= {
            "HTTPS_PROXY": NOWHERE,
            "HTTP_PROXY": NOWHERE,
            "ALL_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost,::1",
        }
    return own


def _start_dashboard(settings: "UpSettings", checked: "Checked", running: dict[str, Started], where: Path) -> None:
    lake = checked.lake()
    if not settings.dashboard or "dashboard" in running or lake is None or not _dashboard_installed():
        return
    from storage.lake import Lake

    assert Lake(lake).buckets  # makes the lake where there is none: the dashboard wants one to look at
    _free("127.0.0.1", settings.dashboard_port, "--dashboard-port")
    arguments = ("dashboard", "--lake", lake.path, "--port", str(settings.dashboard_port))
    url = f"http://127.0.0.1:{settings.dashboard_port}"
    part = start(where, "dashboard", python("-c", "from cli.main import main; main()", *arguments), {}, url)
    _insist(part, lambda: _answers(url, "/"), settings.start_timeout_s)


def _dashboard_installed() -> bool:
    return find_spec("cli.dashboard") is not None and find_spec("streamlit") is not None


def _insist(part: Started, ready: Callable[[], bool], timeout_s: float) -> None:
    from cli.operation import OperationError

    if why := wait_for(part, ready, timeout_s):
        raise OperationError(f"{part.name}: {why}")


def _answers(url: str, path: str = "/health") -> bool:
    import httpx

    try:
        return httpx.get(f"{url}{path}", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _online(url: str, pool: str) -> bool:
    from prefect.client.orchestration import SyncPrefectClient

    with SyncPrefectClient(api=url) as client:
        return any(worker.status == "ONLINE" for worker in client.read_workers_for_work_pool(pool))


def _free(host: str, port: int, option: str) -> None:
    """Raises ConfigError where a port is taken, with who has it where that can be seen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{option} {port}: cannot listen on {host}: {error.strerror or error}{_listener(port)}; name another"
            ) from None


def _listener(port: int) -> str:
    try:
        for one in psutil.net_connections(kind="tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f", by process {one.pid} ({psutil.Process(one.pid).name()})"
    except psutil.Error:
        pass
    return ""


def _rows() -> list[dict[str, Any]]:
    rows = []
    for name, one in found(home() / "up").items():
        state = "gone" if not one.runs() else "up" if not one.url or _answers(one.url, _health(name)) else "silent"
        rows.append({"part": name, "state": state, "pid": one.pid, "url": one.url.removesuffix("/api"), "log": one.log})
    return rows


def _health(name: str) -> str:
    return "/" if name == "dashboard" else "/health"
