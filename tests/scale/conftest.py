"""An S3 server on loopback, and refreshes of the scripted problems as a user starts them."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.scripted import FUNCTIONS, ScriptedServer, write_problems

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


def needs(module: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed: pip install '{extra}'")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of moto's S3 server, see s3_server.py."""
    needs("moto.server", "moto[server]")
    needs("obstore", "obstore")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "server.log"
    with log.open("wb") as out:
        command = [sys.executable, str(Path(__file__).with_name("s3_server.py")), str(port)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5)
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        else:
            pytest.fail(f"the S3 server did not start:\n{log.read_text()[-2000:]}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket; the variables name its server, also for processes that tests start."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    name = "b" + tmp_path.name.replace("_", "").lower()[-40:] + str(time.monotonic_ns())[-8:]
    assert httpx.put(f"{s3_server}/{name}").status_code == 200
    return f"s3://{name}"


@pytest.fixture
def start(tmp_path: Path, writer: ScriptedServer, prefect_server: str) -> Iterator[Start]:
    """Start `patchmill run --lake LAKE` on four problems; dotted names set values."""
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
    started: list[subprocess.Popen[str]] = []

    def begin(lake: object, **values: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", "from cli.main import main; main()", "run", str(config), "--lake", str(lake)]
        for name, value in values.items():
            command += ["--set", f"{name.replace('__', '.')}={value}"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
            process.communicate()


@pytest.fixture
def finish(start: Start) -> Callable[..., None]:
    """Run it to its end, which must be a good one."""

    def run(lake: object, **values: object) -> None:
        process = start(lake, **values)
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors[-3000:]

    return run
