"""Wrong gates, sources and credentials: one clear line each, and nothing half published."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from storage.dataset_tables import PREFERENCE_KTO
from tests.cli.conftest import RunCommand
from tests.publish.hub import TOKEN, Hub
from tests.publish.lakes import fill_lake, plant


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("publish") / "lake"
    fill_lake(path, plant(*range(12)), PREFERENCE_KTO)
    return path


def only_message(stderr: str) -> str:
    """Return the one line that a command ends with."""
    lines = [line for line in stderr.splitlines() if line.startswith("patchmill: ")]
    assert len(lines) == 1 and stderr.rstrip().endswith(lines[0]), stderr
    return lines[0]


CONFIGS = [
    pytest.param("gates: [", ["not valid YAML"], id="broken YAML"),
    pytest.param({"gates": [{"kind": "size"}]}, ["gates.0", "'rows'", "size"], id="unknown kind of gate"),
    pytest.param({"gates": [{"kind": "rows"}]}, ["gates.0.rows", "least, most or both"], id="a gate without a limit"),
    pytest.param({"gates": [{"kind": "rows", "min": 3}]}, ["min", "unknown setting", "least"], id="misspelt limit"),
    pytest.param(
        {"gates": [{"kind": "rows", "least": 9, "most": 3}]}, ["least 9 is more than most 3"], id="limits exchanged"
    ),
    pytest.param(
        {"gates": [{"kind": "rate", "of": "errors", "most": 0}]}, ["of", "'infra'", "errors"], id="unknown rate"
    ),
    pytest.param({"gates": [{"kind": "rows", "least": "many"}]}, ["least", "number", "many"], id="a limit in words"),
    pytest.param(
        {"gates": [{"kind": "contamination", "action": "ignore"}]}, ["action", "'warn'", "ignore"], id="unknown action"
    ),
    pytest.param(
        {"gates": [{"kind": "balance", "column": "form", "least": 0.1}]}, ["no column 'form'", "label"],
        id="a column of another dataset",
    ),
    pytest.param({"gates": [{"kind": "drift", "removed": 2}]}, ["removed", "less than or equal to"], id="share of 2"),
    pytest.param({"gate": []}, ["gate", "unknown setting", "gates"], id="misspelt setting"),
    pytest.param({"clean": {"benchmarks": ["/no/such.jsonl"]}}, ["/no/such.jsonl", "no such"], id="missing benchmark"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "words"), CONFIGS)
def test_a_wrong_config_publishes_nothing(
    run_command: RunCommand, prefect_server: str, lake: Path, tmp_path: Path, config: str | dict[str, object],
    words: list[str],
) -> None:  # fmt: skip
    path = tmp_path / "gates.yaml"
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    options = ("--lake", lake, "--out", tmp_path / "out/new", "--config", path)
    result = run_command("publish", "preference_kto", *options)
    message = only_message(result.stderr)
    assert result.exit_code == 2 and all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


SOURCES = [
    pytest.param("debugging", {}, 2, ["no such dataset", "debugging_sft"], id="unknown dataset"),
    pytest.param("preference_kto", {"--lake": "/no/lake"}, 2, ["/no/lake", "no lake there"], id="no lake"),
    pytest.param("preference_kto", {"--config": "/no/gates.yaml"}, 2, ["/no/gates.yaml", "no such"], id="no config"),
    pytest.param("preference_kto", {"--as-of": "yesterday"}, 2, ["yesterday", "or name a time"], id="not a time"),
    pytest.param("debugging_sft", {}, 1, ["blocked by gate", "nothing is published"], id="an empty dataset"),
    pytest.param("preference_kto", {"--out": "/proc/none"}, 2, ["--out", "cannot be written"], id="unwritable folder"),
    pytest.param("preference_kto", {"--push": "a/b/c"}, 2, ["a/b/c", "name of a repository"], id="malformed name"),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "options", "exit_code", "words"), SOURCES)
def test_a_wrong_source_or_folder_publishes_nothing(
    run_command: RunCommand, prefect_server: str, lake: Path, tmp_path: Path, dataset: str, options: dict[str, str],
    exit_code: int, words: list[str],
) -> None:  # fmt: skip
    all_options = {"--lake": lake, "--out": tmp_path / "out/new", **options}
    result = run_command("publish", dataset, *(word for option in all_options.items() for word in option))
    message = only_message(result.stderr)
    assert result.exit_code == exit_code and all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("token", "words"),
    [
        pytest.param("", "no credentials; set HF_TOKEN", id="none"),
        pytest.param("hf_not\x07this", "characters that no token has", id="broken"),
        pytest.param("hf_revoked_0001", "refuses the credentials (401)", id="refused"),
    ],
)
def test_wrong_credentials_push_nothing_and_are_never_shown(
    patchmill: Callable[..., "subprocess.CompletedProcess[str]"], prefect_server: str, hub: Hub, lake: Path,
    tmp_path: Path, token: str, words: str,
) -> None:  # fmt: skip
    config = tmp_path / "gates.yaml"
    config.write_text("gates: []\n")
    options = ("--lake", lake, "--out", tmp_path / "out", "--config", config, "--push", "me/kto")
    credentials = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": token}
    process = patchmill("publish", "preference_kto", *options, env={**os.environ, **credentials})
    message = only_message(process.stderr)
    assert process.returncode == 2 and words in message, message
    assert hub.commits == {}
    output = process.stdout + process.stderr
    assert TOKEN not in output and not (token and token in output)
