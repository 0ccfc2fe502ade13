"""TRL's own trainers on files as `patchmill export` writes them; minutes long, needs `make setup-trl`."""

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
FILES = {"conversational": ".parquet", "plain": ".jsonl"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def trained(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each trainer made of each exported file, by the file's name."""
    if not PYTHON.exists():
        pytest.skip("no .venv-trl; run `make setup-trl`")
    model = VllmSettings.model_validate(yaml.safe_load((ROOT / "tests/training/smollm2.yaml").read_text())["model"])
    found = find_installed(model)
    if found is None:
        pytest.skip(f"no weights of {model.name}; run `make setup-trl`")
    here = tmp_path_factory.mktemp("trl")
    jobs: list[str] = []
    for table, trainer in TRAINERS.items():
        for form, suffix in FILES.items():
            out = here / f"{table}-{form}{suffix}"
            command(table, out, lake=Path(lake.root), form=form)  # type: ignore[arg-type]
            jobs += [trainer, str(out)]
    done = subprocess.run(
        [PYTHON, ROOT / "tests/training/train.py", found.path, str(STEPS), here / "output", *jobs],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(here / "home"), "DO_NOT_TRACK": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"file"')]
    return {line["file"]: line for line in lines}


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("table", TRAINERS)
def test_a_trainer_reads_the_exported_file_unchanged_and_takes_three_steps(
    trained: dict[str, dict[str, Any]], table: str, form: str
) -> None:
    done = trained[f"{table}-{form}{FILES[form]}"]
    assert done["steps"] == STEPS
    assert len(done["losses"]) == STEPS and all(math.isfinite(loss) and loss > 0 for loss in done["losses"])
    assert done["kept"] == done["rows"] > 0
    chat = form == "conversational"
    assert ("<|im_start|>user" in done["read"]["prompt_ids"]) == chat
    assert "Write f for" in done["read"]["prompt_ids"]
    for name in ("completion_ids",) if table == "preference_kto" else ("chosen_ids", "rejected_ids"):
        answer = done["read"][name].removesuffix("\n")
        assert answer.startswith("```python\ndef f(x):") and answer.endswith("```" + ("<|im_end|>"))
