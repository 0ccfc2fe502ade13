"""The base of every settings model, and the one reader of YAML."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from storage.errors import ConfigError


class Settings(BaseModel):
    """Frozen, nothing unknown allowed, a docstring under each field becomes its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)


S = TypeVar("S", bound=BaseModel)


def load(path: Path, model: type[S], overrides: dict[str, Any] | None = None) -> S:
    """Read one YAML file into `model`; `overrides` replace values by dotted name (`lake.path`).

    Raises:
        ConfigError: one line that names the file, the field, what was expected and what stands there.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; the shipped ones are in configs/") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a mapping of settings, got {type(data).__name__}")
    for name, value in (overrides or {}).items():
        set_dotted(data, name, value)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, model)}") from None


def set_dotted(data: dict[str, Any], name: str, value: Any) -> None:
    """Set `a.b.c` in nested dicts, making the dicts on the way."""
    *parents, last = name.split(".")
    for parent in parents:
        below = data.get(parent)
        if not isinstance(below, dict):
            below = data[parent] = {}
        data = below
    data[last] = value


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a validation as one line: field, expected, got, and the nearest allowed names."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "(top level)"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(_fields_at(model, first["loc"][:-1]))) or "none"
        return f"{field}: unknown setting; known here: {known}{more}"
    got = "" if first["type"] == "missing" else f", got {_short(first.get('input'))}"
    return f"{field}: {first['msg'].removeprefix('Value error, ')}{got}{more}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Names of the fields of the model that stands at `loc`, as far as annotations tell."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        below = [t for m in here if part in m.model_fields for t in _models_in(m.model_fields[part].annotation)]
        tagged = [m for m in here if part not in m.model_fields and part in _tags(m)]
        here = below or tagged or here
    return {name for m in here for name in m.model_fields}


def _tags(model: type[BaseModel]) -> set[str]:
    """Values of a Literal `kind` field: pydantic puts the tag of a union into the location."""
    kind = model.model_fields.get("kind")
    return set(getattr(kind.annotation, "__args__", ())) if kind else set()


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for arg in getattr(annotation, "__args__", ()) for found in _models_in(arg)]
