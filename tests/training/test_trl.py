"""TRL's own trainers on files that `patchmill export` writes; takes minutes and needs `make setup-trl`."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.export import command
from storage.lake import Lake
from tasks.models.settings import VllmSettings
from tasks.models.weights import find_installed

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-trl/bin/python"
STEPS = 3
TRAINERS = {"preference_correctness": "dpo", "preference_efficiency": "dpo", "preference_kto": "kto"}
SUFFIXES = {"conversational": ".parquet", "plain": ".jsonl"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def results(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Train on every dataset in every form; return what train.py prints, by the file's name."""
    if not PYTHON.exists():
        pytest.skip("no .venv-trl; run `make setup-trl`")
    model = VllmSettings.model_validate(yaml.safe_load((ROOT / "tests/training/smollm2.yaml").read_text())["model"])
    weights = find_installed(model)
    if weights is None:
        pytest.skip(f"no weights of {model.name}; run `make setup-trl`")
    folder = tmp_path_factory.mktemp("trl")
    arguments: list[str] = []
    for dataset, trainer in TRAINERS.items():
        for form, suffix in SUFFIXES.items():
            path = folder / f"{dataset}-{form}{suffix}"
            command(dataset, path, lake=lake.root, form=form)  # type: ignore[arg-type]
            arguments += [trainer, str(path)]
    process = subprocess.run(
        [PYTHON, ROOT / "tests/training/train.py", weights.path, str(STEPS), folder / "output", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "DO_NOT_TRACK": "1"},
    )
    assert process.returncode == 0, process.stderr[-3000:]
    lines = [json.loads(line) for line in process.stdout.splitlines() if line.startswith('{"file"')]
    return {line["file"]: line for line in lines}


@pytest.mark.parametrize("form", SUFFIXES)
@pytest.mark.parametrize("dataset", TRAINERS)
def test_a_trainer_reads_the_exported_file_unchanged_and_takes_three_steps(
    results: dict[str, dict[str, Any]], dataset: str, form: str
) -> None:
    result = results[f"{dataset}-{form}{SUFFIXES[form]}"]
    assert result["steps"] == STEPS
    assert len(result["losses"]) == STEPS and all(math.isfinite(loss) and loss > 0 for loss in result["losses"])
    assert result["rows_used"] == result["rows"] > 0
    first = result["first_example"]
    assert ("<|im_start|>user" in first["prompt_ids"]) == (form == "conversational")
    assert "Write f for" in first["prompt_ids"]
    for name in ("completion_ids",) if dataset == "preference_kto" else ("chosen_ids", "rejected_ids"):
        answer = first[name].removesuffix("\n")
        assert answer.startswith("```python\ndef f(x):") and answer.endswith("```" + ("<|im_end|>"))
