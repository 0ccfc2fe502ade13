"""The store of model weights: sources tried in order, nothing loaded unverified, nothing left half-written.

`python -m tasks.models.weights CONFIG` fetches what a flow's config names as `model` and `teacher`.
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
from storage.settings import load
from tasks.models import sources
from tasks.models.settings import ModelSettings, PathWeights, Source, VllmSettings, home

log = logging.getLogger(__name__)

MARK = "patchmill.json"  # written last: a directory without it is not there


@dataclass(frozen=True)
class Weights:
    """A directory with a model, and what it is."""

    path: Path
    revision: str
    """Commit on the hub, `gguf-sha256:...` of a quantised copy, or what a `path` source states."""


def installed(settings: VllmSettings) -> Weights | None:
    """The first source that already lies here, without network; None if none does."""
    for source in settings.weights:
        if isinstance(source, PathWeights):
            if (source.path / "config.json").exists():
                return Weights(source.path.absolute(), source.revision)
            continue
        found = _read(_place(settings, source))
        if found is not None:
            return found
    return None


def fetch(settings: VllmSettings) -> Weights:
    """The installed weights, or those of the first source that works; safe to call from several processes.

    Raises:
        ModelError: no source worked; one line for each says why.
    """
    found = installed(settings)
    if found is not None:
        return found
    failures = []
    for source in settings.weights:
        try:
            return _install(settings, source)
        except ModelError as error:
            log.warning("%s", error)
            failures.append(str(error))
    raise ModelError(f"{settings.name}: no source of weights worked:\n  " + "\n  ".join(failures))


def _install(settings: VllmSettings, source: Source) -> Weights:
    if isinstance(source, PathWeights):
        raise ModelError(f"path {source.path}: no config.json there, expected a model in Hugging Face's layout")
    place = _place(settings, source)
    place.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(place.with_name(place.name + ".lock")):
        found = _read(place)  # another process may have been faster
        if found is not None:
            return found
        partial = place.with_name(place.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            revision = sources.get(settings, source, partial)
            (partial / MARK).write_text(json.dumps({"name": settings.name, "revision": revision}), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            partial.rename(place)
        except OSError as error:
            raise ModelError(f"{place}: cannot be written: {error}; free some space or set weights_store") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Weights(place, revision)


def _place(settings: VllmSettings, source: Source) -> Path:
    store = settings.weights_store or home() / "weights"
    return store.absolute() / settings.name.replace("/", "--") / sources.label(settings, source)


def _read(place: Path) -> Weights | None:
    try:
        mark = json.loads((place / MARK).read_text(encoding="utf-8"))
        return Weights(place, mark["revision"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{place / MARK}: unreadable ({error}); delete {place} to fetch it again") from None


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Held by one process at a time, and released by its death."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Models(BaseModel):
    """The part of a flow's config that names models; the rest is not looked at."""

    model: ModelSettings
    teacher: ModelSettings | None = None


def main(config: Path) -> int:
    """Fetch for one flow's config; returns an exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        found = load(config, Models)
        for settings in (found.model, found.teacher):
            if isinstance(settings, VllmSettings):
                log.info("%s: weights in %s", settings.name, fetch(settings).path)
    except PatchmillError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
