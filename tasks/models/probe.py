"""Check whether a config's model can be used, for `patchmill doctor`; nothing is started."""

import os
from dataclasses import dataclass

import httpx

from storage.errors import ModelError
from tasks.models.environment import FIX, find_python, list_vllm_builds, uses_gpu
from tasks.models.hardware import list_cores, list_gpus
from tasks.models.settings import ModelSettings, OpenAISettings, RecordedSettings, VllmSettings
from tasks.models.weights import find_installed


@dataclass(frozen=True)
class ModelCheck:
    """The result of one check; `fix` is "" where it succeeded."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def check_model(settings: ModelSettings) -> list[ModelCheck]:
    """Run the checks for this kind of model, in the order in which they would fail."""
    match settings:
        case VllmSettings():
            return [_check_server(settings), _check_weights(settings), _check_gpu()]
        case OpenAISettings():
            return [_check_key(settings), *(_check_url(settings, url) for url in settings.urls)]
        case RecordedSettings():
            exists = settings.path.exists()
            return [
                ModelCheck("recording", exists, str(settings.path), "" if exists else "make it with `patchmill record`")
            ]


def _check_server(settings: VllmSettings) -> ModelCheck:
    """Check that vLLM is installed in a build that this machine can run."""
    try:
        find_python(settings.environment)
        device = "NVIDIA GPU" if uses_gpu(settings.environment) else f"CPU, {len(list_cores())} cores"
    except ModelError as error:
        return ModelCheck("model server", False, str(error), FIX)
    builds = ", ".join(list_vllm_builds(settings.environment))
    return ModelCheck("model server", True, f"{builds} in {settings.environment} ({device})")


def _check_weights(settings: VllmSettings) -> ModelCheck:
    """Check that a source of weights is installed; the first run fetches them otherwise."""
    try:
        weights = find_installed(settings)
    except ModelError as error:
        return ModelCheck("weights", False, str(error), "delete that directory")
    if weights is None:
        kinds = ", ".join(source.kind for source in settings.weights)
        detail = f"{settings.name} is not here yet; sources: {kinds}"
        return ModelCheck("weights", False, detail, "run `make setup-model`")
    return ModelCheck("weights", True, f"{settings.name} ({weights.revision or 'revision unknown'}) in {weights.path}")


def _check_gpu() -> ModelCheck:
    """List the GPUs; having none is fine, since the CPU build works without one."""
    return ModelCheck("GPU", True, "; ".join(list_gpus()) or "no NVIDIA GPU; the model runs on the CPU")


def _check_key(settings: OpenAISettings) -> ModelCheck:
    """Check that the variable of the API key is set."""
    variable = settings.api_key_env
    if variable is None:
        return ModelCheck("API key", True, "none needed")
    is_set = bool(os.environ.get(variable))
    return ModelCheck("API key", is_set, variable, "" if is_set else f"put the key into the variable {variable}")


def _check_url(settings: OpenAISettings, url: str) -> ModelCheck:
    """Check that a server answers at this address, with any status: `_check_key` covers a refused key."""
    try:
        status = httpx.get(f"{url.rstrip('/')}/models", timeout=settings.connect_timeout_s).status_code
    except httpx.HTTPError as error:
        return ModelCheck("model server", False, f"{url}: {type(error).__name__} {error}", "start it, or correct urls")
    return ModelCheck("model server", True, f"{url}: status {status}")
