"""What stands between a config and its model, for `patchmill doctor`; looks only, starts nothing."""

import os
from dataclasses import dataclass

import httpx

from storage.errors import ModelError
from tasks.models import environment, hardware, weights
from tasks.models.settings import ModelSettings, OpenAISettings, RecordedSettings, VllmSettings


@dataclass(frozen=True)
class Check:
    """One line of the doctor's list; `fix` is "" where all is well."""

    check: str
    ok: bool
    detail: str
    fix: str = ""


def probe(settings: ModelSettings) -> list[Check]:
    """Checks for this kind of model, in the order in which they would fail."""
    match settings:
        case VllmSettings():
            return [server(settings), weights_here(settings), gpu()]
        case OpenAISettings():
            return [key(settings), *(reachable(settings, url) for url in settings.urls)]
        case RecordedSettings():
            there = settings.path.exists()
            return [Check("recording", there, str(settings.path), "" if there else "make it with `patchmill record`")]


def server(settings: VllmSettings) -> Check:
    """Whether vLLM is installed in a form that this machine can run."""
    try:
        environment.python_of(settings.environment)
        kind = "NVIDIA GPU" if environment.on_gpu(settings.environment) else f"CPU, {len(hardware.cores())} cores"
    except ModelError as error:
        return Check("model server", False, str(error), environment.FIX)
    found = ", ".join(environment.distributions(settings.environment))
    return Check("model server", True, f"{found} in {settings.environment} ({kind})")


def weights_here(settings: VllmSettings) -> Check:
    """Whether a source of weights is installed; the first run fetches them otherwise."""
    try:
        found = weights.installed(settings)
    except ModelError as error:
        return Check("weights", False, str(error), "delete that directory")
    if found is None:
        tried = ", ".join(source.kind for source in settings.weights)
        return Check("weights", False, f"{settings.name} is not here yet; sources: {tried}", "run `make setup-model`")
    return Check("weights", True, f"{settings.name} ({found.revision or 'revision unknown'}) in {found.path}")


def gpu() -> Check:
    """Never a fault: the CPU build works without one."""
    found = hardware.gpus()
    return Check("GPU", True, "; ".join(found) or "no NVIDIA GPU; the model runs on the CPU")


def key(settings: OpenAISettings) -> Check:
    """Whether the variable that should hold the key does."""
    variable = settings.api_key_env
    if variable is None:
        return Check("API key", True, "none needed")
    there = bool(os.environ.get(variable))
    return Check("API key", there, variable, "" if there else f"put the key into the variable {variable}")


def reachable(settings: OpenAISettings, url: str) -> Check:
    """Whether something answers there; a refused key still counts, since `key` tells of that."""
    try:
        status = httpx.get(f"{url.rstrip('/')}/models", timeout=settings.connect_timeout_s).status_code
    except httpx.HTTPError as error:
        return Check("model server", False, f"{url}: {type(error).__name__} {error}", "start it, or correct urls")
    return Check("model server", True, f"{url}: status {status}")
