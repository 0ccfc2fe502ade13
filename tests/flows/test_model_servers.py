"""A refresh whose model server is away, or answers too little, says so, writes what there is, and is finished later."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config import RefreshConfig
from flows.refresh import refresh
from flows.watching.report import UnansweredError
from storage.catalog import Catalog
from storage.errors import ModelError
from storage.lake import Lake
from tests.ports import reserve_port
from tests.scripted import ScriptedServer

Build = Callable[..., RefreshConfig]


class PoisonedServer(ScriptedServer):
    """Gives no choice for the problem `last` while it is poisoned."""

    poisoned = True

    def answer(self, body: dict[str, Any]) -> tuple[int, object]:
        if self.poisoned and "function last(" in json.dumps(body["messages"]):
            return 200, {"choices": []}
        if body["messages"][-1]["content"] == "Say ok.":
            return 200, {"choices": [{"index": 0, "message": {"content": "ok"}}]}
        return super().answer(body)


def read_ids(config: RefreshConfig) -> list[dict[str, Any]]:
    with Catalog(Lake(config.lake)) as catalog:
        return catalog.rows("select attempt_id, kind, code from attempts order by all")


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_lacks_too_much_is_written_fails_and_is_completed_by_the_next(config: Build, tmp_path: Path) -> None:
    with PoisonedServer() as server:
        poisoned = config(model__urls=[server.url])
        words = r"3 of 12 samples failed .*generate: 3 failed \(last\): 2 attempts"
        with pytest.raises(UnansweredError, match=words) as error:
            refresh(poisoned)
        report = error.value.report
        assert (report.funnel["attempts"], report.funnel["failed"], report.examples["repair"]) == (3, 3, 2)
        assert [(line["stage"], line["samples"], line["examples"]) for line in report.unanswered] == [
            ("generate", 3, ["last"])
        ]
        server.poisoned = False
        completed = refresh(poisoned)
        assert (completed.fault, completed.unanswered, completed.funnel["failed"]) == ("", [], 0)
        server.forget()
        undisturbed = config(model__urls=[server.url], lake__path=str(tmp_path / "undisturbed"))
        assert refresh(undisturbed).funnel == completed.funnel
    assert read_ids(poisoned) == read_ids(undisturbed)


@pytest.mark.usefixtures("prefect_server")
def test_a_server_that_is_away_is_said_before_the_audit(config: Build) -> None:
    with reserve_port() as port:
        away = config(model__urls=[f"http://127.0.0.1:{port.getsockname()[1]}/v1"], audit="full")
        with pytest.raises(ModelError, match=r"no server at http://127\.0\.0\.1"):
            refresh(away)
    with Catalog(Lake(away.lake)) as catalog:
        assert catalog.rows("select count(*) as n from audits") == [{"n": 0}]


def test_the_command_says_within_seconds_that_a_server_is_away(
    config: Build, tmp_path: Path, patchmill: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with reserve_port() as port:
        url = f"http://127.0.0.1:{port.getsockname()[1]}/v1"
        path = tmp_path / "away.yaml"
        path.write_text(yaml.safe_dump(config(model__urls=[url]).model_dump(mode="json")))
        result = patchmill("run", path)
    assert result.returncode == 1
    line = f"patchmill: no server at {url}: ConnectError"
    assert [text[: len(line)] for text in result.stderr.splitlines()] == ["starting ...", line]
    assert not (tmp_path / "lake").exists()
