"""Shared fixtures: data beside the repository, a real Prefect server, a scripted model server, the command line."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

import cli  # noqa: F401 sets defaults of Prefect for the processes that tests start
from tests.ports import open_listener
from tests.scripted import ScriptedServer

ROOT = Path(__file__).parents[1]
os.environ["HF_HUB_DISABLE_XET"] = "1"  # huggingface_hub reads it at import; the tests' hub supports plain uploads only


def pytest_unconfigure() -> None:
    """Remove the hook of hypothesis from the garbage collector.

    Python drops these hooks after its last collection. Until then the hook's module keeps the tests and DuckDB alive,
    and DuckDB reports its surviving objects as leaks.
    """
    gc.callbacks[:] = [hook for hook in gc.callbacks if not hook.__module__.startswith("hypothesis.")]


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Return the path of a file below ../shared/data; skip the test where it is absent."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared/data" / name
        if not path.exists():
            pytest.skip(f"real problems are missing: no {path.name} below ../shared/data")
        return path

    return find


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Prefect server for this session, with a database of its own; PREFECT_API_URL is set to its address."""
    home = tmp_path_factory.mktemp("prefect")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    log = home / "server.log"
    with log.open("wb") as out, open_listener() as socket:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}/api"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.prefect_server", str(socket.fileno())],
            cwd=ROOT, env=environment, stdout=out, stderr=out, pass_fds=[socket.fileno()], start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for_server(f"{url}/health", process, log)
        with pytest.MonkeyPatch.context() as environ, temporary_settings({PREFECT_API_URL: url}):
            environ.setenv("PREFECT_API_URL", url)  # for processes that tests start
            environ.setenv("PREFECT_HOME", str(home))
            yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_server(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    pytest.fail(f"Prefect's server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
def writer() -> Iterator[ScriptedServer]:
    """Start an OpenAI-compatible server on loopback whose programs are right or wrong by a fixed script."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def patchmill() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a user does; return exit code and output."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from cli.main import main; main()", *map(str, arguments)]
        result: subprocess.CompletedProcess[str] = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=250, **options
        )  # type: ignore[call-overload]
        assert "leaked" not in result.stderr, "DuckDB reported leaked objects"
        return result

    return run
