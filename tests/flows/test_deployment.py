"""The flow as a deployment: a worker of a work pool picks the run up and finishes it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort

from flows.config import RefreshConfig
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.settings import load

ROOT = Path(__file__).parents[2]


def prefect(*arguments: str) -> str:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def artifacts_of_newest_run() -> tuple[str, set[str]]:
    async with get_client() as client:
        [run] = await client.read_flow_runs(limit=1, sort=FlowRunSort.START_TIME_DESC)
        found = await client.read_artifacts()
        return run.state_name or "", {a.key or "" for a in found if a.flow_run_id == run.id}


@pytest.mark.timeout(400)
def test_a_worker_runs_the_deployment_and_the_ui_gets_its_artifacts(tmp_path: Path, prefect_server: str) -> None:
    prefect("work-pool", "create", "cpu", "--type", "process", "--overwrite")
    prefect("deploy", "--name", "recorded")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "cpu"]
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        config = {**shipped(), "lake": {"path": str(tmp_path / "lake"), "buckets": 2}}
        prefect("deployment", "run", "refresh/recorded", "--watch", "--param", f"config={json.dumps(config)}")
        state, artifacts = asyncio.run(artifacts_of_newest_run())
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        try:
            worker.wait(5)
        except subprocess.TimeoutExpired:  # it wants to be asked twice
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        log.close()
    assert state == "Completed", (tmp_path / "worker.log").read_text()[-3000:]
    assert artifacts >= {"funnel", "progress"}
    with Catalog(Lake(LakeSettings(path=str(tmp_path / "lake")))) as catalog:
        assert catalog.rows("select count(*) as n from attempts where kind = 'generate'") == [{"n": 99}]


def shipped() -> dict[str, Any]:
    [deployment] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    return deployment["parameters"]["config"]


def test_the_deployment_is_the_recorded_config() -> None:
    assert RefreshConfig(**shipped()) == load(ROOT / "configs/refresh/recorded.yaml", RefreshConfig)
