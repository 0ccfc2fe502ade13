"""The command line of the server."""

from pathlib import Path

import pytest

from tasks.models import vllm_command
from tasks.models.settings import VllmSettings


@pytest.mark.parametrize(
    ("numbers", "text"), [([0], "0"), ([0, 1], "0-1"), ([0, 1, 2, 8, 10, 11], "0-2,8,10-11"), ([], "")]
)
def test_cores_are_written_as_ranges(numbers: list[int], text: str) -> None:
    assert vllm_command.ranges(numbers) == text


def test_a_gpu_server_gets_none_of_the_flags_for_cpus() -> None:
    line = vllm_command.command(Path("python"), VllmSettings(), Path("w"), 8000, gpu=True)
    assert "--enforce-eager" not in line
    assert line[line.index("--dtype") + 1] == "auto"
    assert not any(name.startswith("VLLM_CPU") for name in vllm_command.variables(VllmSettings(), [0, 1], gpu=True))


def test_cpu_variables_name_every_core() -> None:
    assert vllm_command.variables(VllmSettings(), [0, 1], gpu=False)["VLLM_CPU_OMP_THREADS_BIND"] == "0-1"
