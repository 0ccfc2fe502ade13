"""Deployments name flows that take their parameters, the UI gets a described form, and a worker finishes a run."""

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
from flows.serving.deployments import read_deployments, resolve_configs
from flows.sweep import sweep
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.settings import load_settings
from tests.runs import read_newest_run

ROOT = Path(__file__).parents[2]
POOLS = ("model", "cpu")


def run_prefect(*arguments: str) -> str:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.timeout(400)
def test_a_worker_runs_the_deployment_and_the_ui_gets_its_artifacts(tmp_path: Path, prefect_server: str) -> None:
    for pool in POOLS:
        run_prefect("work-pool", "create", pool, "--type", "process", "--overwrite")
    resolved = tmp_path / "prefect.yaml"
    resolved.write_text(yaml.safe_dump(resolve_configs(ROOT / "prefect.yaml")))
    run_prefect("deploy", "--name", "nightly", "--prefect-file", str(resolved))
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "model"]
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        config = {**nightly_config(), "lake": {"path": str(tmp_path / "lake"), "buckets": 2}}
        run_prefect("deployment", "run", "refresh/nightly", "--watch", "--param", f"config={json.dumps(config)}")
        state, artifacts = read_newest_run()
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        try:
            worker.wait(5)
        except subprocess.TimeoutExpired:  # a worker may need a second signal
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        log.close()
    assert state == "Completed", (tmp_path / "worker.log").read_text()[-3000:]
    assert artifacts.keys() >= {"funnel", "progress", "live", "throughput", "drops", "summary"}
    with Catalog(Lake(LakeSettings(path=str(tmp_path / "lake")))) as catalog:
        assert catalog.rows("select count(*) as n from attempts where kind = 'generate'") == [{"n": 99}]


def nightly_config() -> dict[str, Any]:
    """Return the config that the nightly deployment of prefect.yaml names, as it is deployed."""
    [nightly] = [item for item in read_deployments(ROOT / "prefect.yaml", POOLS) if item.name == "nightly"]
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
    deployments = read_deployments(Path(file), POOLS)
    assert [item.entrypoint.rpartition(".")[2] for item in deployments] == [
        "refresh",
        "audit",
        "evaluate",
        "compact",
        "publish",
        "sweep",
    ]
    assert all(item.schedules and item.concurrency_limit and item.description for item in deployments)


@pytest.mark.parametrize("flow", [refresh, audit, evaluate, compact, publish, sweep], ids=lambda flow: flow.name)
def test_every_field_of_the_form_that_the_ui_makes_is_described(flow: Flow[..., Any]) -> None:
    schema = parameter_schema(flow).model_dump()
    assert schema["properties"]
    assert [name for name, field in _list_fields(schema) if not field.get("description")] == []


def _list_fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field of every model with its name, but those that need no description, such as `kind`."""
    models = {"": schema, **schema.get("definitions", {})}
    for model, described in models.items():
        for name, field in described.get("properties", {}).items():
            if name not in ("kind", "name", "revision"):
                yield f"{model}.{name}", field


def test_every_path_that_the_image_copies_exists_and_is_not_ignored() -> None:
    lines = (ROOT / "containers/patchmill.Dockerfile").read_text().splitlines()
    copied = {path for line in lines if line.startswith("COPY ") for path in line.split()[1:-1]}
    not_ignored = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == not_ignored
    assert [path for path in sorted(copied) if not (ROOT / path).exists()] == []


def test_the_services_name_existing_files_and_pools() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    commands = [service.get("command", []) for service in services.values()]
    paths = {word for command in commands for word in command if "/" in word and word.endswith((".yaml", ".py"))}
    assert paths and all((ROOT / path).exists() for path in paths)
    pools = yaml.safe_load((ROOT / "containers/up.yaml").read_text())["pools"]
    assert {command[command.index("--pool") + 1] for command in commands if "--pool" in command} == set(pools)
    assert (ROOT / services["server"]["build"]["dockerfile"]).exists()
