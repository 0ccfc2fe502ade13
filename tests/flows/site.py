"""Run `patchmill up` in a temporary home, on unused ports, over a new lake: an installation for tests of operation."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import yaml
from prefect.client.orchestration import SyncPrefectClient

from cli.background import MARK, BackgroundProcess, find_marked_processes, read_processes
from tests.ports import find_unused_port

ROOT = Path(__file__).parents[2]
PATCHMILL = [sys.executable, "-c", "from cli.main import main; main()"]
FINAL = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut"}


class Site:
    """One installation. `cron` schedules the recorded refresh; without it the refresh runs only on request."""

    def __init__(self, folder: Path, cron: str | None = None, dashboard: bool = False) -> None:
        self.folder, self.lake, self.port = folder, folder / "lake", find_unused_port()
        self.dashboard_port = find_unused_port()
        config = yaml.safe_load((ROOT / "configs/refresh/recorded.yaml").read_text())
        self.config = {**config, "lake": {**self.lake_settings("lake"), "commit_rows": 8}, "audit": "off"}
        shipped = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        for deployment in shipped["deployments"]:
            deployment["schedules"] = []
        shipped["deployments"][0]["parameters"]["config"] = self.config
        if cron:
            shipped["deployments"][0]["schedules"] = [{"cron": cron, "timezone": "UTC", "slug": "often"}]
        self.deployments = folder / "prefect.yaml"
        self.deployments.write_text(yaml.safe_dump(shipped))
        up = yaml.safe_load((ROOT / "configs/up/one_machine.yaml").read_text())
        changes = {
            "start_timeout_s": 350,
            "port": self.port,
            "dashboard": dashboard,
            "dashboard_port": self.dashboard_port,
        }
        (folder / "up.yaml").write_text(yaml.safe_dump({**up, **changes, "deployments": str(self.deployments)}))

    def lake_settings(self, name: str) -> dict[str, Any]:
        """Return the settings of a lake in the folder of the site."""
        return {"path": str(self.folder / name), "buckets": 4}

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def run_command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command as a user of this installation does."""
        dropped = (MARK, "PATCHMILL_RUN")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PREFECT") and name not in dropped
        }
        environment["PATCHMILL_HOME"] = str(self.home)
        return subprocess.run(
            [*PATCHMILL, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def up(self) -> dict[str, dict[str, Any]]:
        """Start the parts that are not running; return the row of each part by its name."""
        done = self.run_command("up", str(self.folder / "up.yaml"), "--json")
        assert done.returncode == 0, done.stdout + done.stderr + self.read_logs()
        return {row["part"]: row for row in json.loads(done.stdout)}

    def down(self) -> float:
        """Stop all parts; return the seconds that this took."""
        began = time.monotonic()
        done = self.run_command("down")
        assert done.returncode == 0, done.stderr
        return time.monotonic() - began

    def read_parts(self) -> dict[str, BackgroundProcess]:
        """Return the recorded processes by name."""
        return read_processes(self.home / "up")

    def list_processes(self) -> list[psutil.Process]:
        """Return every running process that the site started."""
        return find_marked_processes(self.home / "up")

    def open_client(self) -> SyncPrefectClient:
        """Return a client of the site's server, to be used as a context manager."""
        return SyncPrefectClient(api=f"http://127.0.0.1:{self.port}/api")

    def start_run(self, deployment: str, **parameters: Any) -> UUID:
        """Start a run of a deployment now; return its id."""
        with self.open_client() as client:
            deployment_id = client.read_deployment_by_name(deployment).id
            return client.create_flow_run_from_deployment(deployment_id, parameters=parameters).id

    def wait_for_state(self, run: UUID, names: Sequence[str] = tuple(FINAL), seconds: float = 240) -> str:
        """Wait until the state of a run has one of these names; return it.

        Raises:
            AssertionError: it did not within `seconds`; the message holds the logs.
        """
        deadline, name = time.monotonic() + seconds, ""
        with self.open_client() as client:
            while time.monotonic() < deadline:
                name = client.read_flow_run(run).state_name or ""
                if name in names:
                    return name
                time.sleep(0.5)
        raise AssertionError(f"run {run} is {name}, expected one of {sorted(names)}\n{self.read_logs()}")

    def read_logs(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in (self.home / "up").glob("*.log"))
