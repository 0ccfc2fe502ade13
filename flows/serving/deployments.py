"""Read and check the deployments of prefect.yaml, so that a mistake is one line before `prefect deploy` runs."""

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
    """Times at which Prefect runs a deployment."""

    cron: str | None = None
    """Cron line: minute, hour, day of the month, month, day of the week."""
    interval: float | None = Field(None, gt=0)
    """Seconds between two runs; the alternative to `cron`."""
    timezone: str = "UTC"
    """Time zone of the hours of `cron`, by its IANA name."""
    active: bool = True
    """False keeps it from firing."""
    slug: Name | None = None
    """Stable name of the schedule, by which a changed one replaces the old one."""

    @model_validator(mode="after")
    def _check_times(self) -> "Schedule":
        if (self.cron is None) == (self.interval is None):
            raise ValueError("expected exactly one of cron and interval")
        if self.cron is not None:
            try:
                CronSchedule(cron=self.cron, timezone=self.timezone)
            except ValidationError as error:
                first = error.errors()[0]
                raise ValueError(f"{first['loc'][0]} {first['input']!r}: {first['msg']}") from None
        return self


class Limit(Settings):
    """Limit of the runs of a deployment at one time."""

    limit: int = Field(ge=1)
    """Runs at one time."""
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = "ENQUEUE"
    """Treatment of a run beyond the limit: ENQUEUE lets it wait, CANCEL_NEW cancels it."""
    grace_period_seconds: int | None = Field(None, ge=60, le=86400)
    """Seconds that a run may take to start before it loses its place."""


class WorkPool(Settings):
    """Work pool that runs a deployment."""

    name: Name
    """Name of the pool, as in configs/up."""
    work_queue_name: Name | None = None
    """Queue of the pool; null: its default queue."""
    job_variables: dict[str, Any] = {}
    """Variables for the worker, such as `env`."""


class Deployment(Settings):
    """A flow with its parameters, its work pool and its schedules."""

    name: Name
    """Name of the deployment; `prefect deployment run` takes FLOW/NAME."""
    description: str = ""
    """Text for the UI."""
    tags: tuple[str, ...] = ()
    """Tags for the filters of the UI."""
    entrypoint: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
    """Module and flow, as in flows.refresh.refresh. A file is refused: its folder would come first on the path."""
    work_pool: WorkPool
    """Work pool of its runs."""
    schedules: tuple[Schedule, ...] = ()
    """Times of its runs; without any it runs only on request."""
    concurrency_limit: Limit | None = None
    """Limit of its runs at one time; null sets none."""
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
    """The content of a file of deployments."""

    model_config = ConfigDict(populate_by_name=True)
    name: str = "patchmill"
    """Name of the project."""
    prefect_version: str | None = Field(None, alias="prefect-version")
    """Version of Prefect that the file was written for."""
    pull: list[dict[str, Any]] | None = None
    """Steps of the worker before a run; null: it works in the folder of the deployment."""
    deployments: tuple[Deployment, ...] = Field(min_length=1)
    """The deployments, at least one."""


def resolve_configs(path: Path) -> object:
    """Return the file as Prefect reads it: a `config` that names a file is replaced by the values of that file."""
    data = load_settings(path, Deployments)
    return data.model_dump(mode="json", by_alias=True, exclude_unset=True)


def read_deployments(path: Path, pools: Collection[str]) -> tuple[Deployment, ...]:
    """Read the deployments of a file, and check that each flow exists and takes its parameters.

    Args:
        path: the file of deployments.
        pools: names of the work pools that there are.

    Raises:
        ConfigError: one line that names the file, the deployment and the field.
    """
    deployments = load_settings(path, Deployments).deployments
    names: set[tuple[str, str]] = set()
    for deployment in deployments:
        at = f"{path}: deployment {deployment.name}"
        if deployment.work_pool.name not in pools:
            pool_names = ", ".join(sorted(pools)) or "none"
            raise ConfigError(f"{at}: work_pool.name: no pool {deployment.work_pool.name!r}; known here: {pool_names}")
        flow = _import_flow(deployment.entrypoint, at)
        if (key := (flow.name, deployment.name)) in names:
            raise ConfigError(f"{at}: there are two of flow {flow.name} with this name; rename one of them")
        names.add(key)
        _check_files(_validate_parameters(flow, deployment, at), at)
    return deployments


def lake_of(deployment: Deployment) -> LakeSettings | None:
    """Return the lake of a checked deployment of flows.refresh; None for other flows."""
    if deployment.entrypoint != "flows.refresh.refresh":
        return None
    return LakeSettings.model_validate(deployment.parameters["config"].get("lake", {}))


def _import_flow(entrypoint: str, at: str) -> Flow[..., Any]:
    """Return the flow of an entrypoint; `at` begins the line of an error."""
    module, _, name = entrypoint.rpartition(".")
    try:
        flow = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{at}: entrypoint {entrypoint}: no module {error.name!r}") from None
    if not isinstance(flow, Flow):
        raise ConfigError(f"{at}: entrypoint {entrypoint}: {module} has no flow {name!r}")
    return flow


def _validate_parameters(flow: Flow[..., Any], deployment: Deployment, at: str) -> BaseModel:
    """Return the parameters of a deployment as the flow gets them, validated by the flow's annotations."""
    parameters = inspect.signature(flow.fn, eval_str=True).parameters.values()
    fields: dict[str, Any] = {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
    model = create_model("parameters", __base__=Settings, **fields)
    try:
        return model.model_validate(deployment.parameters)
    except ValidationError as error:
        raise ConfigError(f"{at}: parameters.{explain_validation(error, model)}") from None


def _check_files(value: Any, at: str, where: str = "parameters") -> None:
    """Check that every file of a source or a recording exists, long before the scheduled run reads it."""
    if isinstance(value, BaseModel):
        kind, path = getattr(value, "kind", None), getattr(value, "path", None)
        if kind is not None and isinstance(path, Path) and not path.exists():
            raise ConfigError(f"{at}: {where}.path: {path}: no such file or folder")
        for name in type(value).model_fields:
            _check_files(getattr(value, name), at, f"{where}.{name}")
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            _check_files(item, at, f"{where}.{place}")
