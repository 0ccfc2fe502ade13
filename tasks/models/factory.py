"""Open the model that settings name."""

from typing import assert_never

from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Model
from tasks.models.recorded import RecordedModel
from tasks.models.settings import ModelSettings, OpenAISettings, RecordedSettings, VllmSettings
from tasks.models.vllm import VllmModel


def open_model(settings: ModelSettings) -> Model:
    """Return the model of these settings. Nothing is started, read or downloaded yet; the caller closes it."""
    match settings:
        case VllmSettings():
            return VllmModel(settings)
        case OpenAISettings():
            return OpenAIModel(settings)
        case RecordedSettings():
            return RecordedModel(settings)
        case _:
            assert_never(settings)
