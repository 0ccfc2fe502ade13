"""Wrong deployments, limits, sources and automations are one line, before anything starts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.background import end_processes, find_marked_processes, read_processes, start_process
from cli.operation import UpSettings
from flows.serving.automations import read_automations
from storage.settings import load_settings
from tests.cli.conftest import RunCommand
from tests.ports import open_listener
from tests.scripted import write_problems
from tests.waiting import until

ROOT = Path(__file__).parents[2]

REFRESH: dict[str, Any] = {
    "name": "nightly",
    "entrypoint": "flows.refresh.refresh",
    "work_pool": {"name": "cpu"},
    "schedules": [{"cron": "0 2 * * *"}],
    "concurrency_limit": {"limit": 1},
    "parameters": {
        "config": {
            "sources": [{"kind": "jsonl", "path": "PROBLEMS"}],
            "model": {"kind": "openai", "urls": ["http://127.0.0.1:9/v1"], "name": "m"},
        }
    },
}
COMPACT = {
    "name": "weekly",
    "entrypoint": "flows.compact.compact",
    "work_pool": {"name": "cpu"},
    "parameters": {"lake": {"path": "x"}, "keep_hours": -1},
}
AUTOMATION: dict[str, Any] = {"name": "a", "trigger": {"expect": ["prefect.flow-run.Failed"]}}


@pytest.fixture
def run_command(run_command: RunCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Run `patchmill` in the repository, with a home where nothing is up."""
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.chdir(ROOT)
    return run_command


@pytest.fixture
def write_files(tmp_path: Path) -> Callable[..., Path]:
    """Write a config of `up` with its deployments and automations; return its path."""

    def write(deployments: Any = None, up: dict[str, Any] | None = None, automations: Any = None) -> Path:
        deployments = [REFRESH] if deployments is None else deployments
        text = deployments if isinstance(deployments, str) else yaml.safe_dump({"deployments": deployments})
        problems = write_problems(tmp_path / "p.jsonl", "add")
        (tmp_path / "prefect.yaml").write_text(text.replace("PROBLEMS", str(problems)))
        (tmp_path / "automations").mkdir()
        for place, automation in enumerate(automations or [AUTOMATION]):
            (tmp_path / f"automations/{place}.yaml").write_text(yaml.safe_dump(automation))
        settings = {
            "pools": {"cpu": {"limit": 2}},
            "deployments": str(tmp_path / "prefect.yaml"),
            "automations": str(tmp_path / "automations"),
            **(up or {}),
        }
        (tmp_path / "up.yaml").write_text(yaml.safe_dump(settings))
        return tmp_path / "up.yaml"

    return write


def with_field(path: str, value: Any, whole: dict[str, Any] = REFRESH) -> dict[str, Any]:
    """Return a copy of `whole` with one field, named with dots, set."""
    copy: dict[str, Any] = json.loads(json.dumps(whole))
    *parents, last = path.split(".")
    container: Any = copy
    for parent in parents:
        container = container[int(parent)] if isinstance(container, list) else container.setdefault(parent, {})
    container[int(last) if isinstance(container, list) else last] = value
    return copy


def assert_refused(run_command: RunCommand, path: Path, fragments: list[str]) -> None:
    """Check that `deploy` and `up` refuse a config in one line that holds all fragments, and start nothing."""
    for name in ("deploy", "up"):
        result = run_command(name, path)
        assert result.exit_code == 2, result.stderr
        assert result.message.startswith("patchmill: ") and "Traceback" not in result.stderr
        assert all(fragment in result.message for fragment in fragments), result.message
    assert not read_processes(Path(os.environ["PATCHMILL_HOME"]) / "up")


SOURCE = "parameters.config.sources.0"


@pytest.mark.parametrize(
    ("deployments", "fragments"),
    [
        pytest.param("deployments: [", ["prefect.yaml", "not valid YAML"], id="broken YAML"),
        pytest.param([], ["deployments", "at least 1"], id="none"),
        pytest.param([with_field("shedules", [])], ["deployments.0.shedules", "unknown", "schedules"], id="misspelt"),
        pytest.param([with_field("work_pool.name", "gpu")], ["nightly", "no pool 'gpu'", "cpu"], id="no such pool"),
        pytest.param(
            [with_field("entrypoint", "flows/refresh.py:refresh")], ["entrypoint", "flows/refresh.py"], id="a file"
        ),
        pytest.param(
            [with_field("entrypoint", "flows.evening.refresh")], ["no module 'flows.evening'"], id="no module"
        ),
        pytest.param([with_field("entrypoint", "flows.refresh.evening")], ["has no flow 'evening'"], id="no flow"),
        pytest.param([with_field("schedules.0.cron", "61 2 * * *")], ["schedules.0", "cron '61 2 * * *'"], id="cron"),
        pytest.param([with_field("schedules.0.timezone", "Utopia")], ["timezone 'Utopia'"], id="time zone"),
        pytest.param([with_field("schedules.0.interval", 60)], ["one of cron and interval"], id="two schedules in one"),
        pytest.param([with_field("concurrency_limit.limit", 0)], ["limit", "greater than or equal to 1"], id="limit 0"),
        pytest.param(
            [with_field("concurrency_limit.collision_strategy", "QUEUE")], ["'ENQUEUE' or 'CANCEL_NEW'"], id="collision"
        ),
        pytest.param([REFRESH, REFRESH], ["two of flow refresh"], id="twice"),
        pytest.param(
            [with_field("parameters.colour", 1)], ["parameters.colour", "unknown", "config"], id="no parameter"
        ),
        pytest.param([with_field("parameters", {})], ["parameters.config", "Field required"], id="no config"),
        pytest.param([with_field(f"{SOURCE}.kind", "oracle")], ["sources.0", "oracle", "jsonl"], id="kind of source"),
        pytest.param([with_field(f"{SOURCE}.path", "/no.jsonl")], ["sources.0.path: /no.jsonl: no such"], id="no file"),
        pytest.param(
            [with_field(f"{SOURCE}.limit", 0)], ["sources.0", "limit", "greater than or equal"], id="no problems"
        ),
        pytest.param(
            [with_field("parameters.config.model", {"kind": "recorded", "path": "/no.parquet", "name": "m"})],
            ["model.path: /no.parquet: no such"],
            id="no recording",
        ),
        pytest.param([COMPACT], ["weekly", "keep_hours", "-1"], id="negative hours"),
    ],
)
def test_a_wrong_deployment_is_one_line(
    run_command: RunCommand, write_files: Callable[..., Path], deployments: Any, fragments: list[str]
) -> None:
    assert_refused(run_command, write_files(deployments), fragments)


@pytest.mark.parametrize(
    ("up", "fragments"),
    [
        pytest.param({"pools": {}}, ["pools", "at least 1"], id="no pools"),
        pytest.param({"pools": {"cpu": {"limit": 0}}}, ["pools.cpu.limit", "greater than or equal to 1"], id="limit 0"),
        pytest.param({"pools": {"cpu": {"limits": 1}}}, ["pools.cpu.limits", "unknown"], id="misspelt limit"),
        pytest.param({"pools": {"c/u": {}}}, ["pools.c/u", "match pattern"], id="no name"),
        pytest.param({"port": 70000}, ["port", "70000"], id="port"),
        pytest.param({"heartbeat_s": 5}, ["heartbeat_s", "greater than or equal to 30"], id="heartbeat"),
        pytest.param({"database_url": "mysql://x"}, ["database_url", "mysql://x", "postgresql"], id="database"),
        pytest.param({"deployments": "/no.yaml"}, ["/no.yaml", "no such file"], id="no deployments"),
        pytest.param({"automations": "/no"}, ["/no: no automations there"], id="no automations"),
    ],
)
def test_wrong_settings_of_up_are_one_line(
    run_command: RunCommand, write_files: Callable[..., Path], up: dict[str, Any], fragments: list[str]
) -> None:
    assert_refused(run_command, write_files(up=up), fragments)


@pytest.mark.parametrize(
    ("automations", "fragments"),
    [
        pytest.param([{"name": "a"}], ["0.yaml", "trigger", "Field required"], id="no trigger"),
        pytest.param([AUTOMATION, AUTOMATION], ["1.yaml", "'a' is also in", "0.yaml"], id="twice"),
        pytest.param(
            [with_field("trigger.expects", [], AUTOMATION)], ["trigger.expects", "unknown", "expect"], id="misspelt"
        ),
        pytest.param([with_field("trigger.type", "guess", AUTOMATION)], ["trigger.type", "guess", "event"], id="kind"),
        pytest.param([with_field("trigger.within", -1, AUTOMATION)], ["within", "-1"], id="negative"),
        pytest.param(
            [with_field("actions", [{"type": "pray"}], AUTOMATION)], ["0.yaml", "actions.0"], id="no such action"
        ),
    ],
)
def test_a_wrong_automation_is_one_line(
    run_command: RunCommand, write_files: Callable[..., Path], automations: Any, fragments: list[str]
) -> None:
    assert_refused(run_command, write_files(automations=automations), fragments)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        pytest.param(["deploy", "no.yaml"], "no.yaml: no such file", id="no config"),
        pytest.param(["deploy", "--set", "x"], "--set x: expected NAME=VALUE", id="set"),
        pytest.param(["deploy", "--set", "pools.model.limit=-1"], "pools.model.limit", id="set limit"),
        pytest.param(["deploy"], "no Prefect server: start one by `patchmill up`", id="no server"),
        pytest.param(
            ["automations", "apply"], "no Prefect server: start one by `patchmill up`", id="no server for them"
        ),
        pytest.param(["automations", "apply", "--folder", "/no"], "/no: no automations there", id="no folder"),
    ],
)
def test_a_wrong_argument_is_one_line(run_command: RunCommand, arguments: list[str], fragment: str) -> None:
    result = run_command(*arguments)
    assert result.exit_code == 2, result.stderr
    assert fragment in result.message


def test_a_port_that_is_taken_is_named_with_the_process_that_listens(
    run_command: RunCommand, write_files: Callable[..., Path]
) -> None:
    with open_listener() as taken:
        port = taken.getsockname()[1]
        result = run_command("up", write_files(), "--port", port)
    assert result.exit_code == 2
    assert f"--port {port}: cannot listen" in result.message and f"by process {os.getpid()}" in result.message


def test_status_and_down_say_that_nothing_is_up(run_command: RunCommand) -> None:
    assert run_command("up", "--status").exit_code == 1
    result = run_command("down")
    assert result.exit_code == 0 and "nothing is running" in result.stderr


def test_shipped_settings_and_automations_are_valid_and_begin_with_their_purpose() -> None:
    for path in sorted((ROOT / "configs/up").glob("*.yaml")):
        assert load_settings(path, UpSettings) and path.read_text().startswith("# ")
    shipped = read_automations(ROOT / "configs/automations")
    assert all(path.read_text().startswith("# ") and file.notify for path, file in shipped.items())
    assert all(field.description for field in UpSettings.model_fields.values())


SLEEP = "import time; time.sleep(99)"
START_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True)"
PARENT = f"import os, time; exec({START_CHILD!r}); print('started', flush=True); time.sleep(99)"


def test_a_background_process_ends_with_its_orphans_and_no_other_process_does(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        parent = start_process(tmp_path, "one", [sys.executable, "-c", PARENT], {})
        until(lambda: "started" in Path(parent.log).read_text(), "the parent's line")
        assert parent.is_running() and read_processes(tmp_path) == {"one": parent}
        assert len(find_marked_processes(tmp_path)) == 2
        os.kill(parent.pid, 9)  # init adopts its child, which has a session of its own
        os.waitpid(parent.pid, 0)
        assert not parent.is_running() and len(find_marked_processes(tmp_path)) == 1
        assert end_processes(tmp_path, last="one") == []
        assert find_marked_processes(tmp_path) == [] and read_processes(tmp_path) == {}
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
