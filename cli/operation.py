"""Read the settings of configs/up and apply files to Prefect's server: shared by `up`, `deploy` and `automations`."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field

from cli.background import last_line, python_command, read_processes
from cli.options import parse_overrides
from flows.serving.automations import AutomationFile, apply_automations, read_automations
from flows.serving.deployments import Deployment, Name, lake_of, read_deployments, resolve_configs
from flows.serving.pools import PoolSettings, apply_pools
from flows.serving.server import OperationError, connect
from storage.errors import ConfigError
from storage.lake import LakeSettings
from storage.settings import Settings, load_settings
from tasks.models.settings import home


class UpSettings(Settings):
    """Settings of the processes on one machine, and of Prefect's server."""

    host: str = Field("127.0.0.1", min_length=1)
    """Address that Prefect's server listens on; anyone who reaches it may run flows."""
    port: int = Field(4200, ge=1, le=65535)
    """Port of Prefect's server and its UI."""
    database_url: str | None = Field(None, pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://")
    """Prefect's database; null: PREFECT_API_DATABASE_CONNECTION_URL, else SQLite in PREFECT_HOME."""
    pools: dict[Name, PoolSettings] = Field(min_length=1)
    """Work pools by name; each gets one worker on this machine."""
    deployments: Path = Path("prefect.yaml")
    """File of deployments: which flow runs when, with which parameters."""
    automations: Path = Path("configs/automations")
    """Folder of automations: what happens after a failure, a late run, or a high rate."""
    notify: str | None = None
    """The value of the option --notify."""
    dashboard: bool = True
    """Whether to start the dashboard, where it is installed."""
    dashboard_port: int = Field(8501, ge=1, le=65535)
    """Port of the dashboard, on 127.0.0.1."""
    heartbeat_s: int = Field(30, ge=30)
    """Seconds between two heartbeats of a run; the sweeper waits for a multiple of them."""
    start_timeout_s: float = Field(180.0, gt=0)
    """Seconds that the server may take until it answers."""
    offline: bool = True
    """Keep Prefect's server from connecting to other machines; with --notify to a chat this must be false."""

    @property
    def url(self) -> str:
        """Address of Prefect's API as seen from this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost") else self.host  # noqa: S104
        return f"http://{host}:{self.port}/api"


@dataclass(frozen=True)
class OperationFiles:
    """The files that the settings name, read and checked."""

    deployments: tuple[Deployment, ...]
    automations: dict[Path, AutomationFile]

    def lake(self) -> LakeSettings | None:
        """Return the lake that the dashboard shows: that of the first deployment that refreshes one."""
        return next(filter(None, map(lake_of, self.deployments)), None)


def process_folder() -> Path:
    """Return the folder of process ids and logs."""
    return home() / "up"


def read_settings(config: Path, sets: Sequence[str] | None = None, **options: str | int | bool | None) -> UpSettings:
    """Read settings from YAML, with the values of --set and of `options` that are not None laid over them.

    Raises:
        ConfigError: the file or a value is wrong.
    """
    overrides = parse_overrides(sets, "pools.model.limit=2")
    overrides |= {name: value for name, value in options.items() if value is not None}
    return load_settings(config, UpSettings, overrides)


def read_files(settings: UpSettings) -> OperationFiles:
    """Read every file that the settings name.

    Raises:
        ConfigError: a file is wrong; nothing was changed or started yet.
    """
    return OperationFiles(
        read_deployments(settings.deployments, settings.pools), read_automations(settings.automations)
    )


def server_url() -> str:
    """Return the address of Prefect's API: PREFECT_API_URL, else that of the server which `patchmill up` started.

    Raises:
        ConfigError: there is neither.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    server = read_processes(process_folder()).get("server")
    if server is None or not server.is_running():
        raise ConfigError("no Prefect server: start one by `patchmill up`, or put its address into PREFECT_API_URL")
    return server.url


def apply_files(url: str, settings: UpSettings, files: OperationFiles) -> list[dict[str, str]]:
    """Apply pools, deployments and automations to a server; return a row for each of them.

    Raises:
        OperationError: the server does not answer, or refuses.
    """
    with connect(url) as client:
        apply_pools(client, settings.pools)
        _apply_deployments(url, settings.deployments)
        changes = apply_automations(client, files.automations, settings.notify)
    rows = [{"what": "pool", "name": name, "detail": _limit(pool)} for name, pool in settings.pools.items()]
    rows += [{"what": "deployment", "name": item.name, "detail": _schedule(item)} for item in files.deployments]
    return rows + [{"what": "automation", "name": name, "detail": change} for name, change in changes.items()]


def _apply_deployments(url: str, file: Path) -> None:
    """Run `prefect deploy`, which knows how workers find the code."""
    folder = process_folder()
    folder.mkdir(parents=True, exist_ok=True)
    resolved, log = folder / "prefect.yaml", folder / "deploy.log"
    resolved.write_text(yaml.safe_dump(resolve_configs(file)), encoding="utf-8")
    command = python_command("-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(resolved))
    environment = {**os.environ, "PREFECT_API_URL": url, "NO_COLOR": "1"}
    with log.open("wb") as out:
        result = subprocess.run(command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise OperationError(f"{file}: `prefect deploy` failed: {last_line(log)}; its output is in {log}")


def _limit(pool: PoolSettings) -> str:
    return "no limit" if pool.limit is None else f"{pool.limit} at one time"


def _schedule(deployment: Deployment) -> str:
    times = [f"cron {s.cron} {s.timezone}" if s.cron else f"every {s.interval:g} s" for s in deployment.schedules]
    return f"pool {deployment.work_pool.name}, {', '.join(times) or 'when asked'}"
