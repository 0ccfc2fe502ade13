"""Create the work pools of Prefect's server, and limit the flow runs of each."""

from collections.abc import Mapping

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker
from pydantic import Field

from storage.settings import Settings


class PoolSettings(Settings):
    """One work pool, served by one worker per machine that runs its flows as processes."""

    limit: int | None = Field(None, ge=1)
    """Runs at one time over all its workers; null sets no limit. Of a pool with model servers: the number of GPUs."""
    about: str = ""
    """Text for the UI."""


def apply_pools(client: SyncPrefectClient, pools: Mapping[str, PoolSettings]) -> None:
    """Create pools that are missing, and set limit and text of all; a pause that was set in the UI stays."""
    for name, pool in pools.items():
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            # Without a template, Prefect's server would fetch a registry of templates from the internet.
            template = ProcessWorker.get_default_base_job_template()
            new_pool = WorkPoolCreate(name=name, type="process", description=pool.about, base_job_template=template)
            client.create_work_pool(new_pool)
        client.update_work_pool(name, WorkPoolUpdate(concurrency_limit=pool.limit, description=pool.about))
