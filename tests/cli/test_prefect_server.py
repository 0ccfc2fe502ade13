"""A Prefect server that does not answer is one line, before anything is written."""

from pathlib import Path

import httpx
import pytest
import yaml
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

from flows.serving.reach import require_server, server_errors
from flows.serving.server import OperationError
from storage.errors import ConfigError
from tests.cli.conftest import RunCommand
from tests.ports import find_unused_port
from tests.scripted import ScriptedServer, write_problems


@pytest.mark.parametrize(
    ("url", "fragment"),
    [
        pytest.param("http://127.0.0.1:PORT/api", "no Prefect server answers: ", id="nothing listens"),
        pytest.param("127.0.0.1:PORT/api", "no Prefect server answers: ", id="no scheme"),
        pytest.param("ftp://127.0.0.1/api", "no Prefect server answers: ", id="another scheme"),
        pytest.param("http://127.0.0.1:99999/api", "no Prefect server answers: ", id="no port"),
        pytest.param("MODEL", "expected Prefect's API, whose address ends in /api, got status", id="another server"),
    ],
)
def test_a_wrong_address_is_one_line(writer: ScriptedServer, url: str, fragment: str) -> None:
    url = url.replace("MODEL", writer.url).replace("PORT", str(find_unused_port()))
    with temporary_settings({PREFECT_API_URL: url}), pytest.raises(ConfigError) as error:
        require_server()
    message = str(error.value)
    assert message.startswith(f"PREFECT_API_URL: {url}: {fragment}") and "\n" not in message
    assert "unset PREFECT_API_URL" in message


def test_a_server_that_answers_is_taken(prefect_server: str) -> None:
    require_server()


def test_without_address_and_temporary_server_it_says_what_to_set() -> None:
    forbidden = {PREFECT_API_URL: None, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(forbidden), pytest.raises(ConfigError, match="expected the address of Prefect's server"):
        require_server()


def test_a_server_that_is_lost_is_one_line(prefect_server: str) -> None:
    words = r"Prefect's server was lost .*connection refused.*; what was committed stays"
    with pytest.raises(OperationError, match=words), server_errors():
        raise httpx.ConnectError("connection\nrefused")


def test_a_run_without_its_server_writes_nothing(
    run_command: RunCommand,
    tmp_path: Path,
    writer: ScriptedServer,
) -> None:
    config = {
        "sources": [{"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", "add"))}],
        "model": {"kind": "openai", "urls": [writer.url], "name": "scripted"},
        "lake": {"path": str(tmp_path / "lake")},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{find_unused_port()}/api"}):
        result = run_command("run", tmp_path / "c.yaml")
    assert result.exit_code == 2 and result.stderr.count("\n") == 2, result.stderr
    assert "no Prefect server answers" in result.message and not (tmp_path / "lake").exists()
