"""Task runners for the stages of a bucket: threads of this process, or workers of Dask or Ray on one or many machines.

A worker is a process of its own: it opens its own sandbox, its own clients of the model and its own view of the lake.
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
REQUIREMENTS = {"dask": "prefect-dask>=0.3.7", "ray": "prefect-ray>=0.6"}


def check_runner(runner: Runner, cluster: str | None) -> None:
    """Check that a runner can start.

    Raises:
        ConfigError: the runner's package is not installed, or threads are combined with the address of a cluster.
    """
    if runner == "threads":
        if cluster is not None:
            raise ConfigError(f"cluster: expected runner: dask or ray beside {cluster!r}, got threads")
        return
    requirement = REQUIREMENTS[runner]
    if importlib.util.find_spec(requirement.split(">")[0].replace("-", "_")) is None:
        raise ConfigError(
            f"runner: {runner} is not installed; {sys.executable} -m pip install '{requirement}', or runner: threads"
        )


def sandbox_of_worker(sandbox: SandboxSettings, runner: Runner, cluster: str | None, at_once: int) -> SandboxSettings:
    """Return the sandbox settings of one worker, with its share of this machine's judge jobs.

    Workers on one machine together judge as many programs at a time as a single process would. Settings stay as they
    are for threads, for a cluster that is already running, and where `sandbox.jobs` is set.
    """
    if runner == "threads" or cluster is not None or sandbox.jobs is not None:
        return sandbox
    return sandbox.model_copy(update={"jobs": max(1, 2 * available_cpus() // _count_workers(runner, at_once))})


@contextmanager
def start_runner(runner: Runner, cluster: str | None, at_once: int) -> Iterator[TaskRunner[Any]]:
    """Yield a task runner that takes `at_once` tasks at a time.

    It connects to the cluster at this address, or starts one on this machine and stops it after the body.
    """
    workers = _count_workers(runner, at_once)
    match runner:
        case "threads":
            yield _thread_runner()
        case "dask":
            from prefect_dask.task_runners import DaskTaskRunner

            options = {"n_workers": workers, "threads_per_worker": -(-at_once // workers), "dashboard_address": None}
            with DaskTaskRunner(address=cluster) if cluster else DaskTaskRunner(cluster_kwargs=options) as dask:
                yield dask
        case "ray":
            from prefect_ray.task_runners import RayTaskRunner

            options = {"num_cpus": workers, "include_dashboard": False, "log_to_driver": False}
            with RayTaskRunner(address=cluster, init_kwargs={} if cluster else options) as ray:
                yield ray


def _thread_runner() -> TaskRunner[Any]:
    """Return the thread pool of the flow run that is under way."""
    run = FlowRunContext.get()
    assert run is not None, "called outside a flow"
    return run.task_runner


def _count_workers(runner: Runner, at_once: int) -> int:
    """Return the number of processes of a cluster on this machine; a worker of Ray takes one task at a time."""
    return at_once if runner == "ray" else min(available_cpus(), at_once)
