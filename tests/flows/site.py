"""A machine of its own for tests of operation: `patchmill up` in a temporary home, on free ports, over a new lake."""

import json
import os
import socket
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

ROOT = Path(__file__).parents[2]
PATCHMILL = [sys.executable, "-c", "from cli.main import main; main()"]
FINAL = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Site:
    """`cron` schedules the recorded refresh; without one it runs when it is asked for."""

    def __init__(self, folder: Path, cron: str | None = None, dashboard: bool = False) -> None:
        self.folder, self.lake, self.port = folder, folder / "lake", free_port()
        self.dashboard_port = free_port()
        config = yaml.safe_load((ROOT / "configs/refresh/recorded.yaml").read_text())
        self.config = {**config, "lake": {**self.lake_of("lake"), "commit_rows": 8}, "audit": "off"}
        shipped = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        for deployment in shipped["deployments"]:
            deployment["schedules"] = []
        shipped["deployments"][0]["parameters"]["config"] = self.config
        if cron:
            shipped["deployments"][0]["schedules"] = [{"cron": cron, "timezone": "UTC", "slug": "often"}]
        self.deployments = folder / "prefect.yaml"
        self.deployments.write_text(yaml.safe_dump(shipped))
        up = yaml.safe_load((ROOT / "configs/up/one_machine.yaml").read_text())
        more = {
            "start_timeout_s": 350,
            "port": self.port,
            "dashboard": dashboard,
            "dashboard_port": self.dashboard_port,
        }
        (folder / "up.yaml").write_text(yaml.safe_dump({**up, **more, "deployments": str(self.deployments)}))

    def lake_of(self, name: str) -> dict[str, Any]:
        return {"path": str(self.folder / name), "buckets": 4}

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def patchmill(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The command as a user of this machine gives it."""
        mine = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT") and k not in (MARK, "PATCHMILL_RUN")}
        environment = {**mine, "PATCHMILL_HOME": str(self.home)}
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
        """Start what is missing; the parts by name."""
        done = self.patchmill("up", str(self.folder / "up.yaml"), "--json")
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return {row["part"]: row for row in json.loads(done.stdout)}

    def down(self) -> float:
        """End everything; the seconds that took."""
        began = time.monotonic()
        done = self.patchmill("down")
        assert done.returncode == 0, done.stderr
        return time.monotonic() - began

    def parts(self) -> dict[str, BackgroundProcess]:
        return read_processes(self.home / "up")

    def left(self) -> list[psutil.Process]:
        return find_marked_processes(self.home / "up")

    def client(self) -> SyncPrefectClient:
        return SyncPrefectClient(api=f"http://127.0.0.1:{self.port}/api")

    def run(self, deployment: str, **parameters: Any) -> UUID:
        """Ask for a run now."""
        with self.client() as client:
            name = client.read_deployment_by_name(deployment)
            return client.create_flow_run_from_deployment(name.id, parameters=parameters).id

    def wait(self, run: UUID, names: Sequence[str] = tuple(FINAL), seconds: float = 240) -> str:
        """The state's name once it is one of these; the logs are shown where it never is."""
        deadline, name = time.monotonic() + seconds, ""
        with self.client() as client:
            while time.monotonic() < deadline:
                name = client.read_flow_run(run).state_name or ""
                if name in names:
                    return name
                time.sleep(0.5)
        raise AssertionError(f"run {run} is {name}, expected one of {sorted(names)}\n{self.logs()}")

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {p.name}\n{p.read_text()[-3000:]}" for p in (self.home / "up").glob("*.log"))
