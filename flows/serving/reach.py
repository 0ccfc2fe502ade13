"""The Prefect server of a flow that runs in this process: one that the settings name, or a temporary one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE

from flows.serving.server import OperationError
from storage.errors import ConfigError

ANSWER_S = 10.0
REMEDY = "start it (`patchmill up`), or unset PREFECT_API_URL for a temporary server"


def require_server() -> None:
    """Check that Prefect's server answers; without an address in the settings, start a temporary server.

    Raises:
        ConfigError: nothing answers at the address, or something else than Prefect.
        OperationError: the temporary server does not start.
    """
    url = PREFECT_API_URL.value()
    if url:
        _check_answer(url)
    elif not PREFECT_SERVER_ALLOW_EPHEMERAL_MODE.value():
        raise ConfigError(
            "PREFECT_API_URL: expected the address of Prefect's server, got none, and temporary ones are forbidden; "
            "set it, or PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true",
            field="PREFECT_API_URL",
        )
    else:
        _start_temporary_server()


@contextmanager
def server_errors() -> Iterator[None]:
    """Raise OperationError where the server is lost in the body.

    Raises:
        OperationError: names the server and what became of a request.
    """
    try:
        yield
    except httpx.HTTPError as error:
        url = PREFECT_API_URL.value() or "its temporary server"
        raise OperationError(
            f"Prefect's server was lost ({url}: {_describe(error)}); what was committed stays, and the next run goes on"
        ) from error


def _check_answer(url: str) -> None:
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=ANSWER_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _address_error(url, f"no Prefect server answers: {_describe(error)}; {REMEDY}") from None
    if answer.status_code in (401, 403):  # Prefect asks for a key, which its own client sends
        return
    if answer.status_code != 200 or answer.text.strip() != "true":
        shown = " ".join(answer.text.split())[:40]
        reason = f"expected Prefect's API, whose address ends in /api, got status {answer.status_code}: {shown!r}"
        raise _address_error(url, f"{reason}; {REMEDY}")


def _address_error(url: str, problem: str) -> ConfigError:
    return ConfigError(f"PREFECT_API_URL: {url}: {problem}", field="PREFECT_API_URL")


def _describe(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _start_temporary_server() -> None:
    """Start the server that Prefect's clients of this process use, and that ends with the process.

    Ctrl-C goes to every process of the terminal. The server would write that it ends, so it is started with that signal
    blocked; other threads still get it.
    """
    from prefect.server.api.server import SubprocessASGIServer  # takes seconds

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        SubprocessASGIServer().start()
    except (RuntimeError, OSError, httpx.HTTPError) as error:
        raise OperationError(f"Prefect's temporary server did not start: {_describe(error)[:500]}") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
