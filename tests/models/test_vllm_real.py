"""One run against a real vLLM server; minutes long, needs `make setup-model`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.models import environment, server_state, weights
from tasks.models.protocol import Sampling
from tasks.models.settings import VllmSettings
from tasks.models.vllm import VllmModel

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def settings() -> VllmSettings:
    """The demonstration's model, if it is set up here."""
    config = ROOT / "configs" / "refresh" / "demo.yaml"
    if not config.exists():
        pytest.skip(f"no {config.relative_to(ROOT)}")
    found = VllmSettings.model_validate(yaml.safe_load(config.read_text())["model"])
    there = ROOT / found.environment
    if not environment.distributions(there):
        pytest.skip(f"no vLLM in {found.environment}; run `make setup-model`")
    if weights.installed(found) is None:
        pytest.skip(f"no weights of {found.name}; run `make setup-model`")
    return found.model_copy(update={"environment": there})


def test_a_real_server_answers_in_batches_refuses_what_is_too_long_and_ends(
    settings: VllmSettings, prompt: Callable[..., Any]
) -> None:
    model = VllmModel(settings)
    try:
        asked = [prompt(f"Write a Python function that adds {i} to a number. Only code.", 3) for i in range(8)]
        got = list(model.complete([*asked, prompt("word " * 6000)], Sampling(max_tokens=96)))
        state = [server_state.read(path) for path in (weights.home() / "servers").glob("*.json")]
    finally:
        model.close()
    good = [one for one in got if one.finish_reason != "other"]
    assert len(got) == 25
    assert len(good) == 24
    assert sum("def " in one.text for one in good) > 12
    stats = model.stats()
    assert stats.refused == 1
    assert stats.completion_tokens == sum(one.completion_tokens for one in good)
    assert state != []
    assert not any(one is not None and server_state.running(one) and one.key == model_key(model) for one in state)


def model_key(model: VllmModel) -> str:
    server = model._server
    assert server is not None
    return server.key
