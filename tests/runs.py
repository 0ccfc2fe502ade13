"""What Prefect's server knows of the runs that a test made."""

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.sorting import FlowRunSort


def newest_run() -> tuple[str, dict[str, Any]]:
    """State of the run that began last, and its artifacts by key."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC)
        run = next(run for run in runs if run.start_time)  # those scheduled for later come first
        # The server answers with 200 at most, so it is asked for those of this run alone.
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return run.state_name or "", {one.key or "": one.data for one in client.read_artifacts(artifact_filter=mine)}
