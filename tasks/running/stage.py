"""How every stage is a Prefect task: named by stage and bucket, retried for our own faults, never cached by Prefect."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from judge.errors import AuditError, SandboxSettingError
from storage.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")


def _worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """A wrong setting or a sandbox that can be fooled stays so; a server, a sandbox or a disk may come back."""
    return not isinstance(state.data, ConfigError | AuditError | SandboxSettingError)


def stage(name: str, run_name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate the one function of a task.py. The lake is the cache: a retry or a second run does what is missing."""
    return task(
        name=name,
        task_run_name=run_name,
        retries=2,
        retry_delay_seconds=[2, 8],
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_retrying,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
