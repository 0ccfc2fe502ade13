"""The store of model weights: sources are tried in order, and only complete, verified weights are loaded.

`python -m tasks.models.weights CONFIG` fetches the weights that a flow's config names as `model` and `teacher`.
"""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from storage.errors import ModelError, PatchmillError
from storage.settings import load_settings
from tasks.models.settings import ModelSettings, PathWeights, VllmSettings, WeightsSource, home
from tasks.models.sources import fetch_source, name_folder

log = logging.getLogger(__name__)

MANIFEST = "patchmill.json"
"""Name of the file that is written last: a folder without it is not complete."""


@dataclass(frozen=True)
class Weights:
    """A folder that holds a model."""

    path: Path
    revision: str
    """Commit on the hub, `gguf-sha256:...` of a quantised copy, or what a `path` source states."""


def find_installed(settings: VllmSettings) -> Weights | None:
    """Return the weights of the first source that is already on this machine, or None; needs no network.

    Raises:
        ModelError: a manifest in the store is unreadable.
    """
    for source in settings.weights:
        if isinstance(source, PathWeights):
            if (source.path / "config.json").exists():
                return Weights(source.path.absolute(), source.revision)
            continue
        weights = _read_manifest(_find_folder(settings, source))
        if weights is not None:
            return weights
    return None


def fetch_weights(settings: VllmSettings) -> Weights:
    """Return the installed weights, or fetch them from the first source that works.

    Several processes may call it at the same time.

    Raises:
        ModelError: no source worked; the message has one line for each.
    """
    weights = find_installed(settings)
    if weights is not None:
        return weights
    failures = []
    for source in settings.weights:
        try:
            return _install(settings, source)
        except ModelError as error:
            log.warning("%s", error)
            failures.append(str(error))
    raise ModelError(f"{settings.name}: no source of weights worked:\n  " + "\n  ".join(failures))


def _install(settings: VllmSettings, source: WeightsSource) -> Weights:
    """Fetch one source into a partial folder, and rename it when it is complete."""
    if isinstance(source, PathWeights):
        raise ModelError(f"path {source.path}: no config.json there, expected a model in Hugging Face's layout")
    folder = _find_folder(settings, source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _hold_lock(folder.with_name(folder.name + ".lock")):
        weights = _read_manifest(folder)  # another process may have installed them meanwhile
        if weights is not None:
            return weights
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            revision = fetch_source(settings, source, partial)
            (partial / MANIFEST).write_text(json.dumps({"name": settings.name, "revision": revision}), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        except OSError as error:
            raise ModelError(f"{folder}: cannot be written: {error}; free some space or set weights_store") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Weights(folder, revision)


def _find_folder(settings: VllmSettings, source: WeightsSource) -> Path:
    store = settings.weights_store or home() / "weights"
    return store.absolute() / settings.name.replace("/", "--") / name_folder(settings, source)


def _read_manifest(folder: Path) -> Weights | None:
    """Return the weights of a complete folder, or None where it is missing or incomplete."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Weights(folder, manifest["revision"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / MANIFEST}: unreadable ({error}); delete {folder} to fetch it again") from None


@contextlib.contextmanager
def _hold_lock(path: Path) -> Iterator[None]:
    """Hold a lock file that one process at a time can hold; the kernel releases it when the holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class ConfiguredModels(BaseModel):
    """The part of a flow's config that names models; the rest is ignored."""

    model: ModelSettings
    teacher: ModelSettings | None = None


def main(config: Path) -> int:
    """Fetch the weights of one flow's config; return an exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        models = load_settings(config, ConfiguredModels)
        for settings in (models.model, models.teacher):
            if isinstance(settings, VllmSettings):
                log.info("%s: weights in %s", settings.name, fetch_weights(settings).path)
    except PatchmillError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
