"""The file that describes a running server, so that other Patchmill processes find it; and the server's health."""

import contextlib
import http.client
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.locks.processes import process_start_time

ANSWER_TIMEOUT_S = 30.0
"""A busy engine on two cores may take seconds over /health; a dead one refuses at once."""


@dataclass(frozen=True)
class ServerState:
    """One running server."""

    pid: int
    """Process id of its supervisor."""
    pid_started: float
    """Start of that process as psutil's create_time, since process ids are reused."""
    port: int
    key: str
    """Content id of the settings that its answers depend on."""


def read_state(path: Path) -> ServerState | None:
    """Read a state file; None where it is missing or was written by another version."""
    try:
        return ServerState(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_state(path: Path, state: ServerState) -> None:
    """Write a state file in one step: readers see the old file or the new one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(asdict(state)), encoding="utf-8")
    partial.replace(path)


def is_running(state: ServerState) -> bool:
    """Return whether the supervisor lives, and is the same process."""
    return process_start_time(state.pid) == state.pid_started


def is_healthy(port: int, name: str) -> bool:
    """Return whether a healthy server answers on 127.0.0.1:`port` and serves model `name`."""
    try:
        _get(port, "/health")
        models = json.loads(_get(port, "/v1/models"))
        return name in {model["id"] for model in models["data"]}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


def _get(port: int, path: str) -> bytes:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"{path}: status {response.status}")
        return response.read()
