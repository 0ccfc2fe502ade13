"""Where the stages of a bucket run: threads of this process, or Dask's or Ray's workers here or on other machines.

A worker is a process of its own: it opens its own sandbox and its own clients of the model, and asks the lake itself.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from prefect.context import FlowRunContext
from prefect.task_runners import TaskRunner

from judge.cpus import available_cpus
from judge.factory import SandboxSettings
from storage.errors import ConfigError

Runner = Literal["threads", "dask", "ray"]
NEEDED = {"dask": "prefect-dask>=0.3.7", "ray": "prefect-ray>=0.6"}


def check(runner: Runner, cluster: str | None) -> None:
    """Raises ConfigError where the runner is not installed, or threads are to run on a cluster."""
    if runner == "threads":
        if cluster is not None:
            raise ConfigError(f"cluster: expected runner: dask or ray beside {cluster!r}, got threads")
    elif importlib.util.find_spec(NEEDED[runner].split(">")[0].replace("-", "_")) is None:
        raise ConfigError(
            f"runner: {runner} is not installed; {sys.executable} -m pip install '{NEEDED[runner]}', or runner: threads"
        )


def of_worker(sandbox: SandboxSettings, runner: Runner, cluster: str | None, at_once: int) -> SandboxSettings:
    """The sandbox of one worker: all of this machine's together judge as many programs at a time as one would."""
    if runner == "threads" or cluster is not None or sandbox.jobs is not None:
        return sandbox
    return sandbox.model_copy(update={"jobs": max(1, 2 * available_cpus() // _workers(runner, at_once))})


@contextmanager
def started(runner: Runner, cluster: str | None, at_once: int) -> Iterator[TaskRunner[Any]]:
    """What takes tasks, `at_once` at a time: a cluster that runs, or one on this machine that ends with the body."""
    workers = _workers(runner, at_once)
    match runner:
        case "threads":
            yield _threads()
        case "dask":
            from prefect_dask.task_runners import DaskTaskRunner

            here = {"n_workers": workers, "threads_per_worker": -(-at_once // workers), "dashboard_address": None}
            with DaskTaskRunner(address=cluster) if cluster else DaskTaskRunner(cluster_kwargs=here) as made:
                yield made
        case "ray":
            from prefect_ray.task_runners import RayTaskRunner

            alone = {"num_cpus": workers, "include_dashboard": False, "log_to_driver": False}
            with RayTaskRunner(address=cluster, init_kwargs={} if cluster else alone) as made:
                yield made


def _threads() -> TaskRunner[Any]:
    run = FlowRunContext.get()
    assert run is not None, "called outside a flow"
    return run.task_runner


def _workers(runner: Runner, at_once: int) -> int:
    """Processes of a cluster on this machine; one of Ray's takes one task at a time."""
    return at_once if runner == "ray" else min(available_cpus(), at_once)
