"""Check whether a config's models can be used, for `patchmill doctor` and before a run; nothing is started."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from storage.errors import ModelError
from tasks.models.environment import FIX, find_python, list_vllm_builds, uses_gpu
from tasks.models.hardware import list_cores, list_gpus
from tasks.models.openai import is_elsewhere
from tasks.models.replies import one_line
from tasks.models.settings import ModelSettings, OpenAISettings, RecordedSettings, VllmSettings
from tasks.models.weights import find_installed

REACH_S = 4.0
"""Seconds in which `check_reachable` decides."""
CONNECT_S = 3.0
READ_S = 0.5
"""Seconds for an answer: a server that took the connection is there, however busy it is."""


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
    fault = _find_fault(url, settings.connect_timeout_s)
    if fault:
        return ModelCheck("model server", False, f"{url}: {fault}", "start it, or correct urls")
    return ModelCheck("model server", True, url)


def check_reachable(models: Iterable[ModelSettings]) -> None:
    """Check within REACH_S that each model has a server; those that Patchmill starts by itself need none yet.

    Of several addresses one is enough: requests go to those that answer.

    Raises:
        ModelError: no address of a model has a server.
    """
    groups = {settings.urls for settings in models if isinstance(settings, OpenAISettings)}
    answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    urls = {url for group in groups for url in group}
    for url in urls:  # threads that nobody waits for at exit: looking up a name can't be cut short
        threading.Thread(target=lambda url=url: answers.put((url, _find_fault(url, CONNECT_S))), daemon=True).start()
    deadline = time.monotonic() + REACH_S
    faults = dict.fromkeys(urls, f"no answer within {REACH_S:.0f} s")
    for _ in urls:
        with contextlib.suppress(queue.Empty):
            url, faults[url] = answers.get(timeout=max(0.0, deadline - time.monotonic()))
    for group in groups:
        if all(faults[url] for url in group):
            raise ModelError(f"no server at {', '.join(group)}: {faults[group[0]]}; start it, or correct urls")


def _find_fault(url: str, connect_s: float) -> str:
    """Return why no server answers at an address; "" where one does, with any status, or takes its time."""
    try:
        timeout = httpx.Timeout(connect_s, read=READ_S)
        httpx.get(f"{url.rstrip('/')}/models", timeout=timeout, trust_env=is_elsewhere((url,)))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        return one_line(f"{type(error).__name__} {error}")
    except (httpx.InvalidURL, ValueError) as error:
        return one_line(f"not an address: {error}")
    except httpx.HTTPError:
        return ""
    return ""
