"""Run a flow in this process: with a server of Prefect's, progress on stderr, and one line for whatever ends it."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli import reaper, stopping


@contextmanager
def flow_run() -> Iterator[None]:
    """Have a Prefect server in the body, and show progress.

    Raises:
        ConfigError: no server answers at PREFECT_API_URL.
        OperationError: the server does not start, or is lost.
    """
    stopping.advise("what was committed stays, and the next run goes on from there")
    reaper.guard_server()
    from cli.live import show_progress
    from flows.serving.reach import require_server, server_errors

    with server_errors():
        require_server()
        with show_progress():
            yield
