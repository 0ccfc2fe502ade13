"""What `up`, `deploy` and `automations` share: the settings of configs/up, and bringing a server to what they say."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient
from pydantic import Field

from cli.background import found, last_line, python
from flows.automations import AutomationFile, apply, read_automations
from flows.deployments import Deployment, Name, lake_of, read_deployments
from flows.pools import PoolSettings, apply_pools
from storage.errors import ConfigError, PatchmillError
from storage.lake import LakeSettings
from storage.settings import Settings, load
from tasks.models.settings import home


class OperationError(PatchmillError):
    """A process of `patchmill up` could not be started, or Prefect's server not be reached."""


class UpSettings(Settings):
    """What runs on one machine, and what Prefect's server is told."""

    host: str = Field("127.0.0.1", min_length=1)
    """Where Prefect's server listens; anybody who reaches it may run flows."""
    port: int = Field(4200, ge=1, le=65535)
    """Of Prefect's server and its UI."""
    database_url: str | None = Field(None, pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://")
    """Prefect's database; null: PREFECT_API_DATABASE_CONNECTION_URL, else SQLite in PREFECT_HOME."""
    pools: dict[Name, PoolSettings] = Field(min_length=1)
    """Work pools by name; each gets one worker on this machine."""
    deployments: Path = Path("prefect.yaml")
    """What runs when, with which values."""
    automations: Path = Path("configs/automations")
    """What follows a failure, a late run, a high rate."""
    notify: str | None = None
    """As the option --notify."""
    dashboard: bool = True
    """Whether the dashboard is started, where it is installed."""
    dashboard_port: int = Field(8501, ge=1, le=65535)
    """Of the dashboard, on 127.0.0.1."""
    heartbeat_s: int = Field(30, ge=30)
    """How often a run tells the server that it lives; the sweeper waits for a multiple of it."""
    start_timeout_s: float = Field(180.0, gt=0)
    """How long the server may take until it answers."""
    offline: bool = True
    """Prefect's server may not open connections to other machines; with --notify to a chat this must be false."""

    @property
    def url(self) -> str:
        """Address of Prefect's API as seen from this machine."""
        reached = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost") else self.host  # noqa: S104
        return f"http://{reached}:{self.port}/api"


@dataclass(frozen=True)
class Checked:
    """What the files say, found to be right."""

    deployments: tuple[Deployment, ...]
    automations: dict[Path, AutomationFile]

    def lake(self) -> LakeSettings | None:
        """The lake of the first deployment that refreshes one: what the dashboard shows."""
        return next(filter(None, map(lake_of, self.deployments)), None)


def folder() -> Path:
    """Where process ids and logs are kept."""
    return home() / "up"


def read(config: Path, sets: Sequence[str] | None = None, **values: Any) -> UpSettings:
    """Settings from YAML with --set and options laid over them; options that were not given are None."""
    overrides: dict[str, Any] = {}
    for text in sets or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {text}: expected NAME=VALUE, such as pools.model.limit=2")
        overrides[name] = yaml.safe_load(value)
    return load(config, UpSettings, overrides | {name: value for name, value in values.items() if value is not None})


def check(settings: UpSettings) -> Checked:
    """Read every file that the settings name; raises ConfigError before anything was changed or started."""
    return Checked(read_deployments(settings.deployments, settings.pools), read_automations(settings.automations))


def server_url() -> str:
    """The API to talk to: PREFECT_API_URL, else the server that `patchmill up` has started.

    Raises:
        ConfigError: there is neither.
    """
    if named := os.environ.get("PREFECT_API_URL"):
        return named
    server = found(folder()).get("server")
    if server is None or not server.runs():
        raise ConfigError("no Prefect server: start one by `patchmill up`, or put its address into PREFECT_API_URL")
    return server.url


def apply_all(url: str, settings: UpSettings, checked: Checked) -> list[dict[str, str]]:
    """Bring a server to what the files say; returns a row for each pool, deployment and automation."""
    with connect(url) as client:
        apply_pools(client, settings.pools)
        _deploy(url, settings.deployments)
        changes = apply(client, checked.automations, settings.notify)
    rows = [{"what": "pool", "name": name, "detail": _limit(pool)} for name, pool in settings.pools.items()]
    rows += [{"what": "deployment", "name": one.name, "detail": _when(one)} for one in checked.deployments]
    return rows + [{"what": "automation", "name": name, "detail": change} for name, change in changes.items()]


@contextmanager
def connect(url: str) -> Iterator[SyncPrefectClient]:
    """A client of the server; raises OperationError where that does not answer, or will not have what it is sent."""
    try:
        with SyncPrefectClient(api=url) as client:
            if (error := client.api_healthcheck()) is not None:
                raise OperationError(f"{url}: Prefect's server does not answer: {error}")
            yield client
    except httpx.HTTPError as error:
        raise OperationError(f"{url}: {' '.join(str(error).split())}") from error


def _deploy(url: str, file: Path) -> None:
    """By Prefect's own command, which knows how workers find the code."""
    command = python("-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file))
    environment = {**os.environ, "PREFECT_API_URL": url, "NO_COLOR": "1"}
    log = folder() / "deploy.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        done = subprocess.run(command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise OperationError(f"{file}: `prefect deploy` failed: {last_line(log)}; all of it in {log}")


def _limit(pool: PoolSettings) -> str:
    return "no limit" if pool.limit is None else f"{pool.limit} at one time"


def _when(deployment: Deployment) -> str:
    times = [f"cron {s.cron} {s.timezone}" if s.cron else f"every {s.interval:g} s" for s in deployment.schedules]
    return f"pool {deployment.work_pool.name}, {', '.join(times) or 'when asked'}"
