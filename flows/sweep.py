"""The flow sweep: mark runs as crashed that Prefect still calls running although their process is gone."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.runtime import flow_run
from prefect.states import Crashed
from pydantic import Field

from storage.locks.leases import list_holders

UNFINISHED_STATES = [StateType.RUNNING, StateType.PENDING]
log = logging.getLogger(__name__)


@flow(name="sweep", flow_run_name="sweep", persist_result=False)
def sweep(silent_s: Annotated[float, Field(gt=0)] = 600.0) -> list[str]:
    """Mark dead runs and their tasks as crashed; return the names of the runs.

    A run is dead when it neither changed its state nor sent a heartbeat for `silent_s`, and does not hold its lake.
    A process that dies with its machine or by kill -9 cannot report to Prefect. Its run would keep its place in the
    work pool for ever.

    Args:
        silent_s: seconds without a sign of life, at least three times PREFECT_FLOWS_HEARTBEAT_FREQUENCY (180 s unless
            set).
    """
    with get_client(sync_client=True) as client:
        dead_runs = [run for run in _list_unfinished_runs(client) if not _is_alive(client, run, silent_s)]
        for run in dead_runs:
            log.warning("%s (%s): no sign of life for %.0f s, marked as crashed", run.name, run.id, silent_s)
            _mark_crashed(client, run, f"no sign of life for {silent_s:.0f} s; the next run finishes its work")
    return [run.name for run in dead_runs]


def _list_unfinished_runs(client: SyncPrefectClient) -> list[FlowRun]:
    """Return the runs that Prefect calls running or pending, without this one."""
    unfinished = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED_STATES)))
    return [run for run in client.read_flow_runs(flow_run_filter=unfinished) if str(run.id) != flow_run.id]


def _is_alive(client: SyncPrefectClient, run: FlowRun, silent_s: float) -> bool:
    """Return whether a run changed its state or sent a heartbeat in the last `silent_s` seconds, or holds its lake."""
    since = datetime.now(UTC) - timedelta(seconds=silent_s)
    if run.state is None or run.state.timestamp >= since or _holds_lake(run.parameters, str(run.id)):
        return True
    heartbeats = EventFilter(
        occurred=EventOccurredFilter(since=since),
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    return bool(client.read_events(heartbeats, limit=1).events)


def _holds_lake(parameters: dict[str, Any], run_id: str) -> bool:
    """Return whether a run holds the lake that its parameters name.

    A run without heartbeats may be alive: none arrives while Prefect's server is down.
    """
    settings = parameters.get("config", parameters)
    lake = settings.get("lake") if isinstance(settings, dict) else None
    path = lake.get("path") if isinstance(lake, dict) else None
    return isinstance(path, str) and any(run_id in holder.owner for holder in list_holders(path))


def _mark_crashed(client: SyncPrefectClient, run: FlowRun, message: str) -> None:
    """Mark a run as crashed: its tasks first, so that a sweep after an interrupted one finds the run again."""
    tasks = client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=UNFINISHED_STATES))),
    )
    for task in tasks:
        client.set_task_run_state(task.id, Crashed(message=message), force=True)
    client.set_flow_run_state(run.id, Crashed(message=message), force=True)
