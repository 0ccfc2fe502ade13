"""Bad gates, sources and credentials: one clear line each, and nothing half-published."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import main
from storage.dataset_tables import PREFERENCE_KTO
from tests.publish.hub import TOKEN, Hub
from tests.publish.lakes import fill, good

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], prefect_server: str) -> Command:
    """Run the command in this process; exit code, its line, and all that it wrote."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["patchmill", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        lines = [line for line in written.err.splitlines() if line.startswith("patchmill: ")]
        assert len(lines) == 1 and written.err.rstrip().endswith(lines[0]), written.err
        return int(ended.value.code or 0), lines[0], written.out + written.err

    return run


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("publish") / "lake"
    fill(path, good(*range(12)), PREFERENCE_KTO)
    return path


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as started:
        yield started


GATES = [
    pytest.param("gates: [", ["not valid YAML"], id="broken YAML"),
    pytest.param({"gates": [{"kind": "size"}]}, ["gates.0", "'rows'", "size"], id="no such kind of gate"),
    pytest.param({"gates": [{"kind": "rows"}]}, ["gates.0.rows", "least, most or both"], id="a gate without a limit"),
    pytest.param({"gates": [{"kind": "rows", "min": 3}]}, ["min", "unknown setting", "least"], id="misspelt limit"),
    pytest.param(
        {"gates": [{"kind": "rows", "least": 9, "most": 3}]}, ["least 9 is more than most 3"], id="limits turned round"
    ),
    pytest.param(
        {"gates": [{"kind": "rate", "of": "errors", "most": 0}]}, ["of", "'infra'", "errors"], id="no such rate"
    ),
    pytest.param({"gates": [{"kind": "rows", "least": "many"}]}, ["least", "number", "many"], id="a limit in words"),
    pytest.param(
        {"gates": [{"kind": "contamination", "action": "ignore"}]}, ["action", "'warn'", "ignore"], id="no such action"
    ),
    pytest.param(
        {"gates": [{"kind": "balance", "column": "form", "least": 0.1}]}, ["no column 'form'", "label"],
        id="a column of another data set",
    ),
    pytest.param({"gates": [{"kind": "drift", "removed": 2}]}, ["removed", "less than or equal to"], id="share of 2"),
    pytest.param({"gate": []}, ["gate", "unknown setting", "gates"], id="misspelt setting"),
    pytest.param({"clean": {"benchmarks": ["/no/such.jsonl"]}}, ["/no/such.jsonl", "no such"], id="no benchmark"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "says"), GATES)
def test_a_wrong_config_publishes_nothing(
    command: Command, lake: Path, tmp_path: Path, config: Any, says: list[str]
) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    code, line, _ = command(
        "publish", "preference_kto", "--lake", lake, "--out", tmp_path / "out/new", "--config", path
    )
    assert code == 2 and all(word in line for word in says), line
    assert not (tmp_path / "out").exists()


SOURCES = [
    pytest.param(["debugging"], {}, 2, ["no such data set", "debugging_sft"], id="no such data set"),
    pytest.param(["preference_kto"], {"--lake": "/no/lake"}, 2, ["/no/lake", "no lake there"], id="no lake"),
    pytest.param(["preference_kto"], {"--config": "/no/gates.yaml"}, 2, ["/no/gates.yaml", "no such"], id="no config"),
    pytest.param(["preference_kto"], {"--as-of": "yesterday"}, 2, ["yesterday", "or name a time"], id="no time"),
    pytest.param(["debugging_sft"], {}, 1, ["blocked by gate", "nothing is published"], id="an empty data set"),
    pytest.param(["preference_kto"], {"--out": "/proc/none"}, 2, ["--out", "cannot be written"], id="nowhere to write"),
    pytest.param(["preference_kto"], {"--push": "a/b/c"}, 2, ["a/b/c", "name of a repository"], id="no such name"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options", "code", "says"), SOURCES)
def test_a_wrong_source_or_place_publishes_nothing(
    command: Command, lake: Path, tmp_path: Path, arguments: list[str], options: dict[str, str], code: int,
    says: list[str],
) -> None:  # fmt: skip
    given = {"--lake": lake, "--out": tmp_path / "out/new", **options}
    got, line, _ = command("publish", *arguments, *(word for option in given.items() for word in option))
    assert got == code and all(word in line for word in says), line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        pytest.param({"HF_TOKEN": ""}, "no credentials; set HF_TOKEN", id="none"),
        pytest.param({"HF_TOKEN": "hf_not\x07this"}, "characters that no token has", id="broken"),
        pytest.param({"HF_TOKEN": "hf_revoked_0001"}, "refuses the credentials (401)", id="refused"),
    ],
)
def test_wrong_credentials_push_nothing_and_are_never_shown(
    command: Command, hub: Hub, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str], says: str,
) -> None:  # fmt: skip
    for name, value in {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "hf/token"))
    config = tmp_path / "gates.yaml"
    config.write_text("gates: []\n")
    code, line, everything = command(
        "publish", "preference_kto", "--lake", lake, "--out", tmp_path / "out", "--config", config, "--push", "me/kto"
    )
    assert code == 2 and says in line, line
    assert hub.repos == {}
    assert TOKEN not in everything and not (environment["HF_TOKEN"] and environment["HF_TOKEN"] in everything)
