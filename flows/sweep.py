"""Runs that Prefect calls running though their process is gone: marked as crashed, so that nobody waits for them."""

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

UNDER_WAY = [StateType.RUNNING, StateType.PENDING]
log = logging.getLogger(__name__)


@flow(name="sweep", flow_run_name="sweep", persist_result=False)
def sweep(silent_s: Annotated[float, Field(gt=0)] = 600.0) -> list[str]:
    """Mark runs that are gone, and their tasks, as crashed; returns the names of the runs.

    A run is gone when it neither changed its state nor sent a heartbeat for `silent_s`, and does not hold its lake.
    A process that dies with its machine or by kill -9 can't tell Prefect so; its run would hold a place in its work
    pool for ever.

    Args:
        silent_s: three times PREFECT_FLOWS_HEARTBEAT_FREQUENCY (180 s unless set) or more.
    """
    with get_client(sync_client=True) as client:
        gone = [run for run in _under_way(client) if not _lives(client, run, silent_s)]
        for run in gone:
            log.warning("%s (%s): no sign of life for %.0f s, marked as crashed", run.name, run.id, silent_s)
            _crash(client, run, f"No sign of life for {silent_s:.0f} s; the next run finishes what this one left.")
    return [run.name for run in gone]


def _under_way(client: SyncPrefectClient) -> list[FlowRun]:
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY)))
    return [run for run in client.read_flow_runs(flow_run_filter=wanted) if str(run.id) != flow_run.id]


def _lives(client: SyncPrefectClient, run: FlowRun, silent_s: float) -> bool:
    since = datetime.now(UTC) - timedelta(seconds=silent_s)
    if run.state is None or run.state.timestamp >= since or holds_its_lake(run.parameters, str(run.id)):
        return True
    beats = EventFilter(
        occurred=EventOccurredFilter(since=since),
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    return bool(client.read_events(beats, limit=1).events)


def holds_its_lake(parameters: dict[str, Any], run_id: str) -> bool:
    """Whether the lake that a run was given is held by that very run: where Prefect's server was away, no heartbeat
    arrived, and the run may be well all the same."""
    settings = parameters.get("config", parameters)
    lake = settings.get("lake") if isinstance(settings, dict) else None
    path = lake.get("path") if isinstance(lake, dict) else None
    return isinstance(path, str) and any(run_id in found.owner for found in list_holders(path))


def _crash(client: SyncPrefectClient, run: FlowRun, message: str) -> None:
    """The tasks first, so that a sweep that is broken off finds the run again."""
    tasks = client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=UNDER_WAY))),
    )
    for task in tasks:
        client.set_task_run_state(task.id, Crashed(message=message), force=True)
    client.set_flow_run_state(run.id, Crashed(message=message), force=True)
