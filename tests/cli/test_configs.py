"""The shipped configs of runs, and the descriptions of their settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from flows.config import RefreshConfig
from storage.settings import load_settings, models_in_annotation

CONFIGS = sorted((Path(__file__).parents[2] / "configs/refresh").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_loads_and_begins_with_its_purpose(path: Path) -> None:
    load_settings(path, RefreshConfig)
    assert path.read_text().startswith("# ")


def test_every_setting_has_a_description() -> None:
    models: set[type[BaseModel]] = {RefreshConfig, *_models_below(RefreshConfig)}
    undescribed = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if name not in ("kind", "name", "revision") and not field.description
    ]
    assert undescribed == []


def _models_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for child in models_in_annotation(field.annotation):
            yield child
            yield from _models_below(child)
