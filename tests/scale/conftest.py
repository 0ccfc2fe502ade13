"""An S3 server on loopback, and refreshes of four scripted problems as a user starts them."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.flows.test_kill import kill_tree
from tests.ports import open_listener
from tests.scripted import FUNCTIONS, ScriptedServer, write_problems
from tests.waiting import until

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


def require_module(module: str, extra: str) -> None:
    """Skip the test where a module is not installed."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed: pip install '{extra}'")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start moto's S3 server (s3_server.py); return its address."""
    require_module("moto.server", "moto[server]")
    require_module("obstore", "obstore")
    log = tmp_path_factory.mktemp("s3") / "server.log"
    with log.open("wb") as out, open_listener() as socket:
        address = f"http://127.0.0.1:{socket.getsockname()[1]}"
        command = [sys.executable, str(Path(__file__).with_name("s3_server.py")), str(socket.fileno())]
        process = subprocess.Popen(command, stdout=out, stderr=out, pass_fds=[socket.fileno()])

    def answers() -> bool:
        assert process.poll() is None, f"the S3 server ended:\n{log.read_text()[-2000:]}"
        try:
            return httpx.get(f"{address}/moto-api/data.json", timeout=60).is_success
        except httpx.HTTPError:
            return False

    try:
        until(answers, "an answer of the S3 server")
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Create a bucket; the variables name its server, also for processes that tests start."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    name = "b" + tmp_path.name.replace("_", "").lower()[-40:] + str(time.monotonic_ns())[-8:]
    assert httpx.put(f"{s3_server}/{name}", timeout=60).status_code == 200
    return f"s3://{name}"


@pytest.fixture
def start(tmp_path: Path, writer: ScriptedServer, prefect_server: str) -> Iterator[Start]:
    """Return a function that starts `patchmill run --lake LAKE`; its keywords set values (`lake__shared`)."""
    config = tmp_path / "config.yaml"
    settings = {
        "lake": {"buckets": 4},
        "sources": [{"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", *FUNCTIONS))}],
        "model": {"kind": "openai", "urls": [writer.url], "name": "scripted", "retries": 1, "backoff_s": 0.01},
        "audit": "off",
        "generate": {"samples": 3},
        "repair": {"repairs": 2},
    }
    config.write_text(yaml.safe_dump(settings))
    processes: list[subprocess.Popen[str]] = []

    def start_run(lake: object, **values: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", "from cli.main import main; main()", "run", str(config), "--lake", str(lake)]
        for name, value in values.items():
            command += ["--set", f"{name.replace('__', '.')}={value}"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start_run
    for process in processes:
        if process.returncode is None:
            kill_tree(process)


@pytest.fixture
def finish(start: Start) -> Callable[..., None]:
    """Return a function that starts a run as `start` does, and waits until it has succeeded."""

    def run(lake: object, **values: object) -> None:
        process = start(lake, **values)
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors[-3000:]

    return run
