"""The deployments of prefect.yaml: read and checked here, where a mistake is one line; Prefect's deploy follows."""

import importlib
import inspect
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from storage.errors import ConfigError
from storage.lake import LakeSettings
from storage.settings import Settings, explain_validation, load_settings, read_config

Name = Annotated[str, StringConstraints(pattern=r"^[\w.-]+$")]


class Schedule(Settings):
    """When a deployment runs by itself."""

    cron: str | None = None
    """Minute, hour, day of the month, month, day of the week."""
    interval: float | None = Field(None, gt=0)
    """Or: every so many seconds."""
    timezone: str = "UTC"
    """IANA name, which cron's hours are of."""
    active: bool = True
    """Whether it fires."""
    slug: Name | None = None
    """A name that stays, so that a changed schedule replaces the old one."""

    @model_validator(mode="after")
    def _fires(self) -> "Schedule":
        if (self.cron is None) == (self.interval is None):
            raise ValueError("expected one of cron and interval")
        if self.cron is not None:
            try:
                CronSchedule(cron=self.cron, timezone=self.timezone)
            except ValidationError as error:
                first = error.errors()[0]
                raise ValueError(f"{first['loc'][0]} {first['input']!r}: {first['msg']}") from None
        return self


class Limit(Settings):
    """How many runs of a deployment there may be at one time."""

    limit: int = Field(ge=1)
    """Runs at one time."""
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = "ENQUEUE"
    """What becomes of one more: it waits for its turn, or it is cancelled."""
    grace_period_seconds: int | None = Field(None, ge=60, le=86400)
    """How long a run may take from being taken up to running before its place is given away."""


class WorkPool(Settings):
    """Where a deployment runs."""

    name: Name
    """One of the pools of configs/up."""
    work_queue_name: Name | None = None
    """A queue of the pool; null: its default one."""
    job_variables: dict[str, Any] = {}
    """What its worker is told, such as `env`."""


class Deployment(Settings):
    """One way to run a flow: with these values, there, then."""

    name: Name
    """FLOW/NAME is what `prefect deployment run` is given."""
    description: str = ""
    """For the UI."""
    tags: tuple[str, ...] = ()
    """For the UI's filters."""
    entrypoint: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
    """Module and flow, as in flows.refresh.refresh; never a file, whose folder would come first on the path."""
    work_pool: WorkPool
    """Where."""
    schedules: tuple[Schedule, ...] = ()
    """When; none: when asked."""
    concurrency_limit: Limit | None = None
    """How many at one time."""
    parameters: dict[str, Any] = {}
    """Values of the flow's parameters; the UI offers them as a form. `config` may be the path of a config: its values
    are deployed, so that the form shows them."""

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_config(cls, parameters: object) -> object:
        if isinstance(parameters, dict) and isinstance(path := parameters.get("config"), str):
            return {**parameters, "config": read_config(Path(path))}
        return parameters


class Deployments(Settings):
    """The whole file."""

    model_config = ConfigDict(populate_by_name=True)
    name: str = "patchmill"
    """Of the project."""
    prefect_version: str | None = Field(None, alias="prefect-version")
    """Prefect's version that the file was written for."""
    pull: list[dict[str, Any]] | None = None
    """Steps of the worker before a run; null: it works in the folder that was deployed from."""
    deployments: tuple[Deployment, ...] = Field(min_length=1)
    """One or more."""


def resolve_configs(path: Path) -> object:
    """Return the file as Prefect reads it: a `config` that names a file is replaced by the values of that file."""
    data = load_settings(path, Deployments)
    return data.model_dump(mode="json", by_alias=True, exclude_unset=True)


def read_deployments(path: Path, pools: Collection[str]) -> tuple[Deployment, ...]:
    """The deployments of a file, each with a flow that there is and parameters that the flow takes.

    Raises:
        ConfigError: one line that names the file, the deployment and the field.
    """
    found = load_settings(path, Deployments).deployments
    seen: set[tuple[str, str]] = set()
    for deployment in found:
        at = f"{path}: deployment {deployment.name}"
        if deployment.work_pool.name not in pools:
            known = ", ".join(sorted(pools)) or "none"
            raise ConfigError(f"{at}: work_pool.name: no pool {deployment.work_pool.name!r}; known here: {known}")
        flow = _flow(deployment.entrypoint, at)
        if (key := (flow.name, deployment.name)) in seen:
            raise ConfigError(f"{at}: there are two of flow {flow.name}; the second would replace the first")
        seen.add(key)
        _check_files(_parameters(flow, deployment, at), at)
    return found


def lake_of(deployment: Deployment) -> LakeSettings | None:
    """The lake that a checked deployment of flows.refresh works on."""
    if deployment.entrypoint != "flows.refresh.refresh":
        return None
    return LakeSettings.model_validate(deployment.parameters["config"].get("lake", {}))


def _flow(entrypoint: str, at: str) -> Flow[..., Any]:
    module, _, name = entrypoint.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{at}: entrypoint {entrypoint}: no module {error.name!r}") from None
    if not isinstance(found, Flow):
        raise ConfigError(f"{at}: entrypoint {entrypoint}: {module} has no flow {name!r}")
    return found


def _parameters(flow: Flow[..., Any], deployment: Deployment, at: str) -> BaseModel:
    """The parameters as the flow will see them."""
    signature = inspect.signature(flow.fn, eval_str=True).parameters.values()
    fields: dict[str, Any] = {
        one.name: (one.annotation, ... if one.default is one.empty else one.default) for one in signature
    }
    model = create_model("parameters", __base__=Settings, **fields)
    try:
        return model.model_validate(deployment.parameters)
    except ValidationError as error:
        raise ConfigError(f"{at}: parameters.{explain_validation(error, model)}") from None


def _check_files(value: Any, at: str, where: str = "parameters") -> None:
    """Files that a source or a recording is read from must be there before the night comes."""
    if isinstance(value, BaseModel):
        kind, path = getattr(value, "kind", None), getattr(value, "path", None)
        if kind is not None and isinstance(path, Path) and not path.exists():
            raise ConfigError(f"{at}: {where}.path: {path}: no such file or folder")
        for name in type(value).model_fields:
            _check_files(getattr(value, name), at, f"{where}.{name}")
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            _check_files(item, at, f"{where}.{place}")
