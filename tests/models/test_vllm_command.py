"""The command line and the environment variables of a vLLM server."""

from pathlib import Path

import pytest

from tasks.models.settings import VllmSettings
from tasks.models.vllm_command import build_command, build_variables, format_ranges


@pytest.mark.parametrize(
    ("numbers", "text"), [([0], "0"), ([0, 1], "0-1"), ([0, 1, 2, 8, 10, 11], "0-2,8,10-11"), ([], "")]
)
def test_cores_are_written_as_ranges(numbers: list[int], text: str) -> None:
    assert format_ranges(numbers) == text


def test_a_gpu_server_gets_none_of_the_flags_for_cpus() -> None:
    command = build_command(Path("python"), VllmSettings(), Path("w"), 8000, gpu=True)
    assert "--enforce-eager" not in command
    assert command[command.index("--dtype") + 1] == "auto"
    assert not any(name.startswith("VLLM_CPU") for name in build_variables(VllmSettings(), [0, 1], gpu=True))


def test_cpu_variables_name_every_core() -> None:
    assert build_variables(VllmSettings(), [0, 1], gpu=False)["VLLM_CPU_OMP_THREADS_BIND"] == "0-1"
