"""The connection to a running Prefect server."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient

from storage.errors import PatchmillError


class OperationError(PatchmillError):
    """A process of `patchmill up` did not start, or Prefect's server was not reached; a retry may help."""


@contextmanager
def connect(url: str) -> Iterator[SyncPrefectClient]:
    """Yield a client of Prefect's server.

    Raises:
        OperationError: the server does not answer, or refuses a request of the body.
    """
    try:
        with SyncPrefectClient(api=url) as client:
            if (error := client.api_healthcheck()) is not None:
                raise OperationError(f"{url}: Prefect's server does not answer: {error}")
            yield client
    except httpx.HTTPError as error:
        raise OperationError(f"{url}: {' '.join(str(error).split())}") from error


def has_online_worker(url: str, pool: str) -> bool:
    """Return whether a worker of a pool has reported itself to the server."""
    with SyncPrefectClient(api=url) as client:
        return any(worker.status == "ONLINE" for worker in client.read_workers_for_work_pool(pool))
