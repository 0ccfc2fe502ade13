"""The base of all settings models, and the one reader of YAML."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from storage.errors import ConfigError

_Model = TypeVar("_Model", bound=BaseModel)
SHORT_CHARS = 80
_BOOLEAN = "tag:yaml.org,2002:bool"


class Settings(BaseModel):
    """Frozen; refuses unknown fields; the docstring under a field becomes its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)


def load_settings(path: Path, model: type[_Model], overrides: Mapping[str, object] | None = None) -> _Model:
    """Read one YAML file into `model`; `overrides` replace values by dotted name (`lake.path`).

    Raises:
        ConfigError: one line that names the file, the field, what was expected and what stands there.
    """
    data = read_config(path)
    for name, value in (overrides or {}).items():
        set_by_dotted_name(data, name, value)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        field = _field_name(error.errors(include_url=False)[0]["loc"])
        raise ConfigError(f"{path}: {explain_validation(error, model)}", source=path, field=field) from None


def read_config(path: Path, derived: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Read one YAML file of settings. The file that its setting `base` names is laid under it, mapping by mapping.

    Args:
        derived: the files that are laid over this one.

    Raises:
        ConfigError: a file cannot be read, holds no mapping, or is its own base.
    """
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a mapping of settings, got {type(data).__name__}", source=path)
    base = data.pop("base", None)
    if base is None:
        return data
    if not isinstance(base, str) or Path(base) in (*derived, path):
        raise ConfigError(f"{path}: base: expected the path of another file of settings, got {base!r}", source=path)
    return _overlay(read_config(Path(base), (*derived, path)), data)


def read_yaml(path: Path) -> object:
    """Read one YAML file; raises ConfigError where it cannot be read."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; the shipped ones are in configs/", source=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", source=path) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{path}{position}: not valid YAML: {getattr(error, 'problem', error)}", source=path
        ) from None


def parse_yaml(text: str) -> object:
    """Parse YAML in which only true and false are booleans, as in YAML 1.2: `off`, `no`, `on` and `yes` are words.

    A setting that is a boolean still takes these words, because pydantic reads them.
    """
    return yaml.load(text, _Loader)  # noqa: S506 a SafeLoader


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without the booleans that are words."""


_Loader.yaml_implicit_resolvers = {
    start: [
        (tag, re.compile("true|True|TRUE|false|False|FALSE") if tag == _BOOLEAN else pattern)
        for tag, pattern in resolvers
    ]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _overlay(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in top.items():
        below = merged.get(name)
        merged[name] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def set_by_dotted_name(data: dict[str, Any], name: str, value: object) -> None:
    """Set `a.b.c` in nested dicts; create the dicts on the way."""
    *parents, last = name.split(".")
    for parent in parents:
        child = data.get(parent)
        if not isinstance(child, dict):
            child = data[parent] = {}
        data = child
    data[last] = value


def explain_validation(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the first fault of a validation in one line: field, expected, got, and the allowed names."""
    first = error.errors(include_url=False)[0]
    field = _field_name(first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_fields_at(model, first["loc"][:-1]))) or "none"
        return f"{field}: unknown setting; known here: {allowed}{more}"
    actual = "" if first["type"] == "missing" else f", got {_shortened(first.get('input'))}"
    return f"{field}: {first['msg'].removeprefix('Value error, ')}{actual}{more}"


def _field_name(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "(top level)"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHORT_CHARS else text[: SHORT_CHARS - 3] + "..."


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Return the fields of the models that can stand at a location, as far as annotations tell."""
    models: list[type[BaseModel]] = [model]
    for part in location:
        if isinstance(part, int):
            continue
        children = [
            child
            for parent in models
            if part in parent.model_fields
            for child in models_in_annotation(parent.model_fields[part].annotation)
        ]
        tagged = [parent for parent in models if part not in parent.model_fields and part in _kind_values(parent)]
        models = children or tagged or models
    return {name for model in models for name in model.model_fields}


def _kind_values(model: type[BaseModel]) -> set[object]:
    """Return the values of a Literal field `kind`: pydantic puts the tag of a union into the location."""
    kind = model.model_fields.get("kind")
    return set(getattr(kind.annotation, "__args__", ())) if kind else set()


def models_in_annotation(annotation: object) -> list[type[BaseModel]]:
    """Return all settings models that an annotation names, also within unions and containers."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in models_in_annotation(argument)]
