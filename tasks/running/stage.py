"""The decorator of stages: a Prefect task named by stage and bucket, retried after errors, never cached by Prefect."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from judge.errors import AuditError, SandboxSettingError
from storage.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")


def _may_retry_help(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether a retry may help: not for a wrong setting or a failed audit."""
    return not isinstance(state.data, ConfigError | AuditError | SandboxSettingError)


def stage(name: str, run_name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate the function of a task.py. The lake is the cache: a second run does the work that is missing."""
    return task(
        name=name,
        task_run_name=run_name,
        retries=2,
        retry_delay_seconds=[2, 8],
        retry_jitter_factor=0.5,
        retry_condition_fn=_may_retry_help,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
