from pathlib import Path

import pytest

from flows.config import RefreshConfig
from storage.settings import load_settings

CONFIGS = sorted((Path(__file__).parents[2] / "configs/refresh").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_every_shipped_config_loads_and_says_what_it_is_for(path: Path) -> None:
    load_settings(path, RefreshConfig)
    assert path.read_text().startswith("# ")


def test_every_setting_has_a_description() -> None:
    bare = [
        f"{model.__name__}.{name}"
        for model in _models(RefreshConfig)
        for name, field in model.model_fields.items()
        if name not in ("kind", "name", "revision") and not field.description
    ]
    assert bare == []


def _models(model: type, seen: set[type] | None = None) -> set[type]:
    from storage.settings import models_in_annotation

    seen = seen if seen is not None else set()
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            for below in models_in_annotation(field.annotation):
                _models(below, seen)
    return seen
