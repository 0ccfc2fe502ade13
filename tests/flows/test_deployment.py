"""The deployments: what they run, what the UI offers as a form, and a worker that picks a run up and finishes it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.utilities.callables import parameter_schema

from flows.audit import audit
from flows.compact import compact
from flows.config import RefreshConfig
from flows.evaluate import evaluate
from flows.publish import publish
from flows.refresh import refresh
from flows.serving.deployments import read_deployments
from flows.sweep import sweep
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.settings import load_settings
from tests.runs import read_newest_run

ROOT = Path(__file__).parents[2]
POOLS = ("model", "cpu")


def prefect(*arguments: str) -> str:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(400)
def test_a_worker_runs_the_deployment_and_the_ui_gets_its_artifacts(tmp_path: Path, prefect_server: str) -> None:
    for pool in POOLS:
        prefect("work-pool", "create", pool, "--type", "process", "--overwrite")
    prefect("deploy", "--name", "nightly")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "model"]
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        config = {**nightly_config(), "lake": {"path": str(tmp_path / "lake"), "buckets": 2}}
        prefect("deployment", "run", "refresh/nightly", "--watch", "--param", f"config={json.dumps(config)}")
        state, artifacts = read_newest_run()
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        try:
            worker.wait(5)
        except subprocess.TimeoutExpired:  # it wants to be asked twice
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        log.close()
    assert state == "Completed", (tmp_path / "worker.log").read_text()[-3000:]
    assert artifacts.keys() >= {"funnel", "progress", "live", "throughput", "drops", "summary"}
    with Catalog(Lake(LakeSettings(path=str(tmp_path / "lake")))) as catalog:
        assert catalog.rows("select count(*) as n from attempts where kind = 'generate'") == [{"n": 99}]


def nightly_config() -> dict[str, Any]:
    """Return the config that the nightly deployment of prefect.yaml names, as it is deployed."""
    [nightly] = [one for one in read_deployments(ROOT / "prefect.yaml", POOLS) if one.name == "nightly"]
    return dict(nightly.parameters["config"])


def test_the_nightly_deployment_is_the_recorded_config_that_waits_for_its_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    recorded = load_settings(ROOT / "configs/refresh/recorded.yaml", RefreshConfig, {"lake.wait_s": 3600})
    assert RefreshConfig(**nightly_config()) == recorded


@pytest.mark.parametrize("file", ["prefect.yaml", "containers/prefect.yaml"])
def test_every_shipped_deployment_has_a_flow_that_takes_its_parameters(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = read_deployments(Path(file), POOLS)
    assert [one.entrypoint.rpartition(".")[2] for one in found] == [
        "refresh",
        "audit",
        "evaluate",
        "compact",
        "publish",
        "sweep",
    ]
    assert all(one.schedules and one.concurrency_limit and one.description for one in found)


@pytest.mark.parametrize("flow", [refresh, audit, evaluate, compact, publish, sweep], ids=lambda flow: flow.name)
def test_every_field_of_the_form_that_the_ui_makes_is_described(flow: Flow[..., Any]) -> None:
    schema = parameter_schema(flow).model_dump()
    assert schema["properties"]
    assert [where for where, field in _fields(schema) if not field.get("description")] == []


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of every model; `kind` and names speak for themselves."""
    models = {"": schema, **schema.get("definitions", {})}
    for model, described in models.items():
        for name, field in described.get("properties", {}).items():
            if name not in ("kind", "name", "revision"):
                yield f"{model}.{name}", field


def test_what_the_image_copies_is_there_and_let_through() -> None:
    lines = (ROOT / "containers/patchmill.Dockerfile").read_text().splitlines()
    copied = {path for line in lines if line.startswith("COPY ") for path in line.split()[1:-1]}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert [path for path in sorted(copied) if not (ROOT / path).exists()] == []


def test_the_services_name_files_and_pools_that_there_are() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    commands = [service.get("command", []) for service in services.values()]
    named = {word for command in commands for word in command if "/" in word and word.endswith((".yaml", ".py"))}
    assert named and all((ROOT / path).exists() for path in named)
    pools = yaml.safe_load((ROOT / "containers/up.yaml").read_text())["pools"]
    assert {command[command.index("--pool") + 1] for command in commands if "--pool" in command} == set(pools)
    assert (ROOT / services["server"]["build"]["dockerfile"]).exists()
