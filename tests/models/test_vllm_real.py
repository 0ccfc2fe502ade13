"""One run against a real vLLM server; minutes long, needs `make setup-model`."""

from pathlib import Path

import pytest
import yaml

from tasks.models.environment import list_vllm_builds
from tasks.models.protocol import Completion, Sampling
from tasks.models.server_state import is_running, read_state
from tasks.models.settings import VllmSettings
from tasks.models.vllm import VllmModel
from tasks.models.vllm_server import VllmServer
from tasks.models.weights import fetch_weights, find_installed
from tests.models.servers import BuildPrompt

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def settings() -> VllmSettings:
    """Return the settings of the demonstration's model; skip where it is not set up."""
    config = ROOT / "configs" / "refresh" / "demo.yaml"
    if not config.exists():
        pytest.skip(f"no {config.relative_to(ROOT)}")
    demo = VllmSettings.model_validate(yaml.safe_load(config.read_text())["model"])
    environment = ROOT / demo.environment
    if not list_vllm_builds(environment):
        pytest.skip(f"no vLLM in {demo.environment}; run `make setup-model`")
    if find_installed(demo) is None:
        pytest.skip(f"no weights of {demo.name}; run `make setup-model`")
    return demo.model_copy(update={"environment": environment})


def test_a_real_server_answers_in_batches_refuses_a_prompt_that_is_too_long_and_ends(
    settings: VllmSettings, prompt: BuildPrompt
) -> None:
    model = VllmModel(settings)
    state_path = VllmServer(settings, fetch_weights(settings)).state_path
    try:
        prompts = [prompt(f"Write a Python function that adds {i} to a number. Only code.", 3) for i in range(8)]
        completions = list(model.complete([*prompts, prompt("word " * 6000)], Sampling(max_tokens=96)))
        state = read_state(state_path)
    finally:
        model.close()
    answers = [reply for reply in completions if isinstance(reply, Completion)]
    assert len(completions) == 25
    assert len(answers) == 24
    assert sum("def " in answer.text for answer in answers) > 12
    stats = model.stats()
    assert stats.refused == 1
    assert stats.completion_tokens == sum(answer.completion_tokens for answer in answers)
    assert state is not None and not is_running(state)
