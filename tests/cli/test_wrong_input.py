"""Wrong input is one line, exit 2, and leaves nothing half-written."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import RunCommand
from tests.scripted import problem_line, write_problems

pytestmark = pytest.mark.usefixtures("prefect_server")

GOOD: dict[str, Any] = {
    "sources": [{"kind": "jsonl", "path": "PROBLEMS"}],
    "model": {"kind": "openai", "urls": ["http://127.0.0.1:9/v1"], "name": "m"},
}


def with_field(path: str, value: Any) -> dict[str, Any]:
    """Return GOOD with one field, named with dots, set."""
    config: dict[str, Any] = json.loads(json.dumps(GOOD))
    *parents, last = path.split(".")
    container: Any = config
    for parent in parents:
        container = container[int(parent)] if isinstance(container, list) else container.setdefault(parent, {})
    container[last] = value
    return config


@pytest.mark.parametrize(
    ("config", "fragments"),
    [
        pytest.param("sources: [", ["not valid YAML"], id="broken YAML"),
        pytest.param("- a\n- b\n", ["expected a mapping", "list"], id="a list"),
        pytest.param({"sources": GOOD["sources"]}, ["model", "Field required"], id="no model"),
        pytest.param(with_field("sources", []), ["sources", "at least 1"], id="no source"),
        pytest.param(with_field("colour", "red"), ["colour", "unknown setting", "generate"], id="unknown setting"),
        pytest.param(
            with_field("generate.sample", 3), ["generate.sample", "unknown", "samples"], id="misspelt setting"
        ),
        pytest.param(with_field("generate.samples", "many"), ["generate.samples", "integer", "many"], id="wrong type"),
        pytest.param(
            with_field("generate.samples", 0), ["generate.samples", "greater than or equal to 1"], id="too few"
        ),
        pytest.param(with_field("repair.chain", "guess"), ["repair.chain", "two_calls", "guess"], id="no such chain"),
        pytest.param(with_field("sandbox.limits", {"memory_mib": 1}), ["memory_mib", "32"], id="too little memory"),
        pytest.param(with_field("lake.memory_limit", "lots"), ["lake.memory_limit", "lots"], id="memory in words"),
        pytest.param(with_field("model.kind", "oracle"), ["model", "oracle", "vllm"], id="no such kind of model"),
        pytest.param(with_field("sources.0.path", "/no/such.jsonl"), ["/no/such.jsonl"], id="no such problems"),
        pytest.param(with_field("generate.template", "chatty"), ["chatty", "three_shot"], id="no such template"),
        pytest.param(
            with_field("model", {"kind": "recorded", "path": "/no/answers.parquet", "name": "m"}),
            ["/no/answers.parquet", "patchmill record"],
            id="no such recording",
        ),
    ],
)
def test_a_wrong_config_is_one_line_and_leaves_no_lake(
    run_command: RunCommand, tmp_path: Path, config: str | dict[str, Any], fragments: list[str]
) -> None:
    text = config if isinstance(config, str) else yaml.safe_dump(config)
    path = tmp_path / "c.yaml"
    path.write_text(text.replace("PROBLEMS", str(write_problems(tmp_path / "p.jsonl", "add"))))
    result = run_command("run", path, "--lake", tmp_path / "lake")
    assert result.exit_code == 2, result.stderr
    assert result.message.startswith("patchmill: ") and "Traceback" not in result.stderr
    assert all(fragment in result.message for fragment in fragments), result.message
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("arguments", "fragment"),
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
def test_a_wrong_argument_is_one_line(run_command: RunCommand, arguments: list[str], fragment: str) -> None:
    result = run_command(*arguments)
    assert result.exit_code == 2, result.stderr
    assert fragment in result.message


@pytest.mark.parametrize(
    ("solutions", "fragment"),
    [
        pytest.param('{"id": "1"', ":1: ", id="not JSON"),
        pytest.param('{"id": "1", "source_id": "add"}', ":1: code: Field required", id="no code"),
        pytest.param('{"id": "1", "source_id": "sub", "code": ""}', "no problem has source_id 'sub'", id="no problem"),
        pytest.param('{"id": "1", "source_id": "add", "code": ""}', "several problems have", id="two problems"),
    ],
)
def test_a_wrong_solution_line_is_named_and_nothing_is_written(
    run_command: RunCommand, tmp_path: Path, solutions: str, fragment: str
) -> None:
    problems = tmp_path / "p.jsonl"
    problems.write_text("".join(json.dumps({**problem_line("add"), "source": s}) + "\n" for s in ("a", "b")))
    (tmp_path / "s.jsonl").write_text(solutions + "\n")
    result = run_command("judge", problems, tmp_path / "s.jsonl", "--out", tmp_path / "v.jsonl")
    assert result.exit_code == 2, result.stderr
    assert fragment in result.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.jsonl", "s.jsonl"]
