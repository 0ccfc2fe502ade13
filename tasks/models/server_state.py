"""What is known on disk of a running server, so that a second Patchmill process finds it; and whether it is well."""

import contextlib
import http.client
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.locks.processes import started

ANSWER_WITHIN_S = 30.0  # a busy two-core engine may take seconds over /health; a dead one refuses at once


@dataclass(frozen=True)
class State:
    """One server; `pid` is its supervisor's."""

    pid: int
    pid_started: float
    """psutil's create_time, since pids are used again."""
    port: int
    key: str
    """Content id of the settings that matter to its answers."""


def read(path: Path) -> State | None:
    """None if there is no file, or one that another version wrote."""
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(path: Path, state: State) -> None:
    """All or nothing."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(asdict(state)), encoding="utf-8")
    partial.replace(path)


def running(state: State) -> bool:
    """Whether the very process still lives."""
    return started(state.pid) == state.pid_started


def healthy(port: int, name: str) -> bool:
    """Whether a server that is well answers on 127.0.0.1:`port` and serves model `name`."""
    try:
        _get(port, "/health")
        models = json.loads(_get(port, "/v1/models"))
        return name in {model["id"] for model in models["data"]}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


def _get(port: int, path: str) -> bytes:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)) as connection:
        connection.request("GET", path)
        reply = connection.getresponse()
        if reply.status != 200:
            raise OSError(f"{path}: status {reply.status}")
        return reply.read()
