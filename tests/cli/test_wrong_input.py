"""What a person gets wrong is one clear line, exit 2, and nothing half-written."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Command
from tests.scripted import problem_line, write_problems

pytestmark = pytest.mark.usefixtures("prefect_server")

GOOD: dict[str, Any] = {
    "sources": [{"kind": "jsonl", "path": "PROBLEMS"}],
    "model": {"kind": "openai", "urls": ["http://127.0.0.1:9/v1"], "name": "m"},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one dotted field set."""
    config = json.loads(json.dumps(GOOD))
    *parents, last = path.split(".")
    here = config
    for parent in parents:
        here = here[int(parent)] if isinstance(here, list) else here.setdefault(parent, {})
    here[last] = value
    return config


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param("sources: [", ["not valid YAML"], id="broken YAML"),
        pytest.param("- a\n- b\n", ["expected a mapping", "list"], id="a list"),
        pytest.param({"sources": GOOD["sources"]}, ["model", "Field required"], id="no model"),
        pytest.param(changed("sources", []), ["sources", "at least 1"], id="no source"),
        pytest.param(changed("colour", "red"), ["colour", "unknown setting", "generate"], id="unknown setting"),
        pytest.param(changed("generate.sample", 3), ["generate.sample", "unknown", "samples"], id="misspelt setting"),
        pytest.param(changed("generate.samples", "many"), ["generate.samples", "integer", "many"], id="wrong type"),
        pytest.param(changed("generate.samples", 0), ["generate.samples", "greater than or equal to 1"], id="too few"),
        pytest.param(changed("repair.chain", "guess"), ["repair.chain", "two_calls", "guess"], id="no such chain"),
        pytest.param(changed("sandbox.limits", {"memory_mib": 1}), ["memory_mib", "32"], id="too little memory"),
        pytest.param(changed("lake.memory_limit", "lots"), ["lake.memory_limit", "lots"], id="memory in words"),
        pytest.param(changed("model.kind", "oracle"), ["model", "oracle", "vllm"], id="no such kind of model"),
        pytest.param(changed("sources.0.path", "/no/such.jsonl"), ["/no/such.jsonl"], id="no such problems"),
        pytest.param(changed("generate.template", "chatty"), ["chatty", "three_shot"], id="no such template"),
        pytest.param(
            changed("model", {"kind": "recorded", "path": "/no/answers.parquet", "name": "m"}),
            ["/no/answers.parquet", "patchmill record"],
            id="no such recording",
        ),
    ],
)
def test_a_wrong_config_is_one_line_and_leaves_no_lake(
    command: Command, tmp_path: Path, config: Any, says: list[str]
) -> None:
    text = config if isinstance(config, str) else yaml.safe_dump(config)
    path = tmp_path / "c.yaml"
    path.write_text(text.replace("PROBLEMS", str(write_problems(tmp_path / "p.jsonl", "add"))))
    code, stderr = command("run", path, "--lake", tmp_path / "lake")
    line = stderr.strip().splitlines()[-1]
    assert code == 2, stderr
    assert line.startswith("patchmill: ")
    assert all(word in line for word in says), line
    assert "Traceback" not in stderr
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["run", "no.yaml"], "no.yaml: no such file", id="no config"),
        pytest.param(["run", "configs/refresh/demo.yaml", "--only", "dance"], "unknown stage 'dance'", id="stage"),
        pytest.param(["run", "configs/refresh/demo.yaml", "--set", "x"], "--set x: expected NAME=VALUE", id="set"),
        pytest.param(["sql", "--lake", "/no/lake", "select 1"], "/no/lake: no lake there", id="no lake"),
        pytest.param(["show", "--lake", "/no/lake", "abc"], "/no/lake: no lake there", id="show without a lake"),
        pytest.param(["export", "attempts", "--out", "x.csv"], "x.csv: expected a name that ends in", id="format"),
        pytest.param(["judge", "/no/p.jsonl", "/no/s.jsonl"], "/no/p.jsonl: cannot be read", id="no problems"),
    ],
)
def test_a_wrong_argument_is_one_line(command: Command, arguments: list[str], says: str) -> None:
    code, stderr = command(*arguments)
    assert code == 2, stderr
    assert says in stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("solutions", "says"),
    [
        pytest.param('{"id": "1"', ":1: ", id="not JSON"),
        pytest.param('{"id": "1", "source_id": "add"}', ":1: code: Field required", id="no code"),
        pytest.param('{"id": "1", "source_id": "sub", "code": ""}', "no problem has source_id 'sub'", id="no problem"),
        pytest.param('{"id": "1", "source_id": "add", "code": ""}', "several problems have", id="two problems"),
    ],
)
def test_a_wrong_solution_line_is_named_and_nothing_is_written(
    command: Command, tmp_path: Path, solutions: str, says: str
) -> None:
    problems = tmp_path / "p.jsonl"
    problems.write_text("".join(json.dumps({**problem_line("add"), "source": s}) + "\n" for s in ("a", "b")))
    (tmp_path / "s.jsonl").write_text(solutions + "\n")
    code, stderr = command("judge", problems, tmp_path / "s.jsonl", "--out", tmp_path / "v.jsonl")
    assert code == 2, stderr
    assert says in stderr.strip().splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.jsonl", "s.jsonl"]
