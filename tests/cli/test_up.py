"""What a person gets wrong in deployments, limits, sources and automations is one line, before anything starts."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.background import end, found, marked, start
from cli.operation import UpSettings
from flows.serving.automations import read_automations
from storage.settings import load_settings
from tests.cli.conftest import Command
from tests.scripted import write_problems

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
def command(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """For which nothing of this machine's own is up."""
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.chdir(ROOT)
    return command


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Write a config of `up` with its deployments and automations; returns its path."""

    def write(deployments: Any = None, up: dict[str, Any] | None = None, automations: Any = None) -> Path:
        listed = [REFRESH] if deployments is None else deployments
        text = listed if isinstance(listed, str) else yaml.safe_dump({"deployments": listed})
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


def changed(path: str, value: Any, of: dict[str, Any] = REFRESH) -> dict[str, Any]:
    """REFRESH with one dotted field set."""
    whole = json.loads(json.dumps(of))
    *parents, last = path.split(".")
    here: Any = whole
    for parent in parents:
        here = here[int(parent)] if isinstance(here, list) else here.setdefault(parent, {})
    if isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return whole


def refused(command: Command, path: Path, *says: str) -> None:
    for arguments in (("deploy", path), ("up", path)):
        code, stderr = command(*arguments)
        line = stderr.strip().splitlines()[-1]
        assert code == 2, stderr
        assert line.startswith("patchmill: ") and "Traceback" not in stderr
        assert all(word in line for word in says), line
    assert not found(Path(os.environ["PATCHMILL_HOME"]) / "up")


SOURCE = "parameters.config.sources.0"


@pytest.mark.parametrize(
    ("deployments", "says"),
    [
        pytest.param("deployments: [", ["prefect.yaml", "not valid YAML"], id="broken YAML"),
        pytest.param([], ["deployments", "at least 1"], id="none"),
        pytest.param([changed("shedules", [])], ["deployments.0.shedules", "unknown", "schedules"], id="misspelt"),
        pytest.param([changed("work_pool.name", "gpu")], ["nightly", "no pool 'gpu'", "cpu"], id="no such pool"),
        pytest.param(
            [changed("entrypoint", "flows/refresh.py:refresh")], ["entrypoint", "flows/refresh.py"], id="a file"
        ),
        pytest.param([changed("entrypoint", "flows.evening.refresh")], ["no module 'flows.evening'"], id="no module"),
        pytest.param([changed("entrypoint", "flows.refresh.evening")], ["has no flow 'evening'"], id="no flow"),
        pytest.param([changed("schedules.0.cron", "61 2 * * *")], ["schedules.0", "cron '61 2 * * *'"], id="cron"),
        pytest.param([changed("schedules.0.timezone", "Utopia")], ["timezone 'Utopia'"], id="time zone"),
        pytest.param([changed("schedules.0.interval", 60)], ["one of cron and interval"], id="two schedules in one"),
        pytest.param([changed("concurrency_limit.limit", 0)], ["limit", "greater than or equal to 1"], id="limit 0"),
        pytest.param(
            [changed("concurrency_limit.collision_strategy", "QUEUE")], ["'ENQUEUE' or 'CANCEL_NEW'"], id="collision"
        ),
        pytest.param([REFRESH, REFRESH], ["two of flow refresh"], id="twice"),
        pytest.param([changed("parameters.colour", 1)], ["parameters.colour", "unknown", "config"], id="no parameter"),
        pytest.param([changed("parameters", {})], ["parameters.config", "Field required"], id="no config"),
        pytest.param([changed(f"{SOURCE}.kind", "oracle")], ["sources.0", "oracle", "jsonl"], id="kind of source"),
        pytest.param([changed(f"{SOURCE}.path", "/no.jsonl")], ["sources.0.path: /no.jsonl: no such"], id="no file"),
        pytest.param(
            [changed(f"{SOURCE}.limit", 0)], ["sources.0", "limit", "greater than or equal"], id="no problems"
        ),
        pytest.param(
            [changed("parameters.config.model", {"kind": "recorded", "path": "/no.parquet", "name": "m"})],
            ["model.path: /no.parquet: no such"],
            id="no recording",
        ),
        pytest.param([COMPACT], ["weekly", "keep_hours", "-1"], id="negative hours"),
    ],
)
def test_a_wrong_deployment_is_one_line(
    command: Command, files: Callable[..., Path], deployments: Any, says: list[str]
) -> None:
    refused(command, files(deployments), *says)


@pytest.mark.parametrize(
    ("up", "says"),
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
    command: Command, files: Callable[..., Path], up: dict[str, Any], says: list[str]
) -> None:
    refused(command, files(up=up), *says)


@pytest.mark.parametrize(
    ("automations", "says"),
    [
        pytest.param([{"name": "a"}], ["0.yaml", "trigger", "Field required"], id="no trigger"),
        pytest.param([AUTOMATION, AUTOMATION], ["1.yaml", "'a' is also in", "0.yaml"], id="twice"),
        pytest.param(
            [changed("trigger.expects", [], AUTOMATION)], ["trigger.expects", "unknown", "expect"], id="misspelt"
        ),
        pytest.param([changed("trigger.type", "guess", AUTOMATION)], ["trigger.type", "guess", "event"], id="kind"),
        pytest.param([changed("trigger.within", -1, AUTOMATION)], ["within", "-1"], id="negative"),
        pytest.param(
            [changed("actions", [{"type": "pray"}], AUTOMATION)], ["0.yaml", "actions.0"], id="no such action"
        ),
    ],
)
def test_a_wrong_automation_is_one_line(
    command: Command, files: Callable[..., Path], automations: Any, says: list[str]
) -> None:
    refused(command, files(automations=automations), *says)


@pytest.mark.parametrize(
    ("arguments", "says"),
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
def test_a_wrong_argument_is_one_line(command: Command, arguments: list[str], says: str) -> None:
    code, stderr = command(*arguments)
    assert code == 2, stderr
    assert says in stderr.strip().splitlines()[-1]


def test_a_port_that_is_taken_is_named_with_who_has_it(command: Command, files: Callable[..., Path]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, stderr = command("up", files(), "--port", port)
    assert code == 2
    line = stderr.strip().splitlines()[-1]
    assert f"--port {port}: cannot listen" in line and f"by process {os.getpid()}" in line


def test_where_nothing_is_up_status_and_down_say_so(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("up", "--status")[0] == 1
    code, stderr = command("down")
    assert code == 0 and "nothing was up" in stderr


def test_shipped_settings_and_automations_are_right_and_say_what_they_are_for() -> None:
    for path in sorted((ROOT / "configs/up").glob("*.yaml")):
        assert load_settings(path, UpSettings) and path.read_text().startswith("# ")
    shipped = read_automations(ROOT / "configs/automations")
    assert all(path.read_text().startswith("# ") and file.notify for path, file in shipped.items())
    described = [*UpSettings.model_fields.values()]
    assert all(field.description for field in described)


SLEEP = "import time; time.sleep(99)"
CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True)"
PARENT = f"import os, time; exec({CHILD!r}); print('here', flush=True); time.sleep(99)"


def test_what_was_started_is_ended_with_its_orphans_and_nothing_else(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        parent = start(tmp_path, "one", [sys.executable, "-c", PARENT], {})
        while "here" not in Path(parent.log).read_text():
            assert parent.runs()
        assert found(tmp_path) == {"one": parent}
        assert len(marked(tmp_path)) == 2
        os.kill(parent.pid, 9)  # the child of a session of its own is init's now
        os.waitpid(parent.pid, 0)
        assert not parent.runs() and len(marked(tmp_path)) == 1
        assert end(tmp_path, last="one") == []
        assert marked(tmp_path) == [] and found(tmp_path) == {}
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
