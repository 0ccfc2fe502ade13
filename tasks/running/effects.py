"""The models and judges of this process: opened once per settings, shared by all threads, closed by the flow."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from judge.errors import JudgeError
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from storage.errors import PatchmillError
from tasks.models.factory import open_model
from tasks.models.protocol import Model
from tasks.models.recorded import Recorder
from tasks.models.settings import ModelSettings

_lock = threading.RLock()
_models: dict[str, Model] = {}
_sandboxes: dict[str, Sandbox] = {}
_recording: Path | None = None
_wrap_judge: Callable[[Sandbox], Sandbox] | None = None


def model_for(settings: ModelSettings) -> Model:
    """Return the model of these settings, opened once; its own server starts with the first question."""
    key = settings.model_dump_json()
    with _lock:
        if key not in _models:
            model = open_model(settings)
            _models[key] = Recorder(model, _recording) if _recording else model
        return _models[key]


def sandbox_for(settings: SandboxSettings) -> Sandbox:
    """Return the judge of these settings, opened once; its slots are shared by all threads of the process."""
    key = settings.model_dump_json()
    with _lock:
        if key not in _sandboxes:
            judge = open_sandbox(settings)
            _sandboxes[key] = _wrap_judge(judge) if _wrap_judge else judge
        return _sandboxes[key]


def opened_models() -> list[Model]:
    """Return the models opened so far, for reports."""
    with _lock:
        return list(_models.values())


def close_all() -> None:
    """Close all models and judges, each even where another fails to close; raise the first error."""
    with _lock:
        opened: list[Model | Sandbox] = [*_models.values(), *_sandboxes.values()]
        _models.clear()
        _sandboxes.clear()
    errors: list[Exception] = []
    for effect in opened:
        try:
            effect.close()
        except (OSError, PatchmillError, JudgeError) as error:
            errors.append(error)
    if errors:
        raise errors[0]


@contextmanager
def recording(path: Path) -> Iterator[None]:
    """Write every answer of every model opened in the body to `path`, too."""
    global _recording
    _recording = path
    try:
        yield
    finally:
        _recording = None


@contextmanager
def judging_through(wrap: Callable[[Sandbox], Sandbox]) -> Iterator[None]:
    """Put `wrap` around every judge opened in the body: how a judge that fails or watches is tried."""
    global _wrap_judge
    _wrap_judge = wrap
    try:
        yield
    finally:
        _wrap_judge = None
