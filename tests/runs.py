"""Read the flow runs of a test from Prefect's server."""

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.sorting import FlowRunSort


def read_newest_run() -> tuple[str, dict[str, Any]]:
    """Return the state of the run that started last, and its artifacts by key."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC)
        run = next(run for run in runs if run.start_time)  # scheduled runs that have not started come first
        # The server returns at most 200 artifacts, so the filter selects those of this run.
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return run.state_name or "", {
            artifact.key or "": artifact.data for artifact in client.read_artifacts(artifact_filter=of_run)
        }
