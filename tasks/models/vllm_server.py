"""One vLLM server: started when needed, shared between processes, started again when its engine dies."""

import collections
import contextlib
import fcntl
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ModelError
from storage.ids import content_id
from storage.locks.processes import started
from tasks.models import environment, hardware, server_state, vllm_command
from tasks.models.server_state import State
from tasks.models.settings import VllmSettings, home
from tasks.models.weights import Weights

log = logging.getLogger(__name__)

SUPERVISOR = Path(__file__).with_name("supervisor.py")
GRACE_S = 10.0  # between SIGTERM and SIGKILL
LOG_LINES = 25
CLIENT_SIDE = {"weights", "weights_store", "startup_timeout_s", "restarts", "request_timeout_s", "retries", "send_seed"}


class VllmServer:
    """A server for one set of settings; all methods may be called from any thread.

    State, lock and log lie in PATCHMILL_HOME/servers under the hash of the settings. A healthy server of the same
    settings is used, whoever started it, and left alone; one that this object started ends with it, or with this
    process however that dies (see supervisor.py).
    """

    def __init__(self, settings: VllmSettings, weights: Weights) -> None:
        self._settings = settings
        self._weights = weights
        same = settings.model_dump(mode="json", exclude=CLIENT_SIDE)
        same["environment"] = str(settings.environment.absolute())
        self.key = content_id("server", settings=same, path=str(weights.path), revision=weights.revision)
        self.state_path = home() / "servers" / f"{self.key}.json"
        self.log_path = self.state_path.with_suffix(".log")
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._starts: collections.deque[float] = collections.deque()

    def ensure(self) -> str:
        """Base address of a healthy server, found or started.

        Raises:
            ModelError: it does not start, or died more than `restarts` times within an hour.
        """
        with self._lock:
            if self._port is None or not server_state.healthy(self._port, self._settings.name):
                self._port = self._find_or_start()
            return f"http://127.0.0.1:{self._port}/v1"

    def close(self) -> None:
        """End the server if this object started it."""
        self._closing.set()
        with self._lock:
            self._end()

    def _find_or_start(self) -> int:
        self.state_path.parent.mkdir(parents=True, exist_ok=True)
        with self._only_one():
            state = server_state.read(self.state_path)
            if state is not None and server_state.running(state):
                if server_state.healthy(state.port, self._settings.name):
                    log.info("%s: using the server on port %d", self._settings.name, state.port)
                    return state.port
                log.warning("%s: the server on port %d is not well, starting another", self._settings.name, state.port)
            self._end()
            self._count_start()
            return self._start()

    def _count_start(self) -> None:
        now = time.monotonic()
        while self._starts and now - self._starts[0] > 3600:
            self._starts.popleft()
        if len(self._starts) > self._settings.restarts:
            raise ModelError(
                f"{self._settings.name}: the server died {len(self._starts)} times within an hour; {self._last_words()}"
            )
        self._starts.append(now)

    def _start(self) -> int:
        settings = self._settings
        python = environment.python_of(settings.environment)
        gpu = environment.on_gpu(settings.environment)
        cores = hardware.cores(settings.cores)
        port = settings.port or free_port()
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".previous.log"))
        log.info("%s: starting a server on port %d, log in %s", settings.name, port, self.log_path)
        with self.log_path.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    *(
                        sys.executable,
                        "-IS",
                        str(SUPERVISOR),
                        str(os.getpid()),
                        str(GRACE_S),
                    ),  # -IS: standard library only
                    *vllm_command.command(python, settings, self._weights.path, port, gpu),
                ],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | vllm_command.variables(settings, cores, gpu),
                start_new_session=True,
            )
        began = time.monotonic()
        try:
            self._wait_until_healthy(self._process, port, began + settings.startup_timeout_s)
        except ModelError:
            self._end()
            raise
        pid = self._process.pid
        server_state.write(self.state_path, State(pid, started(pid) or 0.0, port, self.key))
        log.info("%s: ready after %.0f s", settings.name, time.monotonic() - began)
        return port

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]", port: int, until: float) -> None:
        name = self._settings.name
        while True:
            if process.poll() is not None:
                raise ModelError(f"{name}: the server ended with status {process.returncode}; {self._last_words()}")
            if server_state.healthy(port, name):
                return
            if time.monotonic() > until:
                limit = f"startup_timeout_s={self._settings.startup_timeout_s:.0f}"
                raise ModelError(f"{name}: the server was not ready within {limit}; {self._last_words()}")
            if self._closing.wait(0.2):
                raise ModelError(f"{name}: closed while the server was starting")

    def _end(self) -> None:
        process, self._process, self._port = self._process, None, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(GRACE_S + 10)
        except subprocess.TimeoutExpired:
            process.kill()  # the kernel then kills the server, see supervisor.py
            process.wait()
        state = server_state.read(self.state_path)
        if state is not None and state.pid == process.pid:
            self.state_path.unlink(missing_ok=True)

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        except OSError:
            lines = []
        return f"end of {self.log_path}:\n  " + "\n  ".join(lines or ["(empty)"])

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        """Held while looking and starting, so that two processes don't start two servers; freed by the holder's death.

        Raises:
            ModelError: this object was closed meanwhile, or another process took longer than a start may take.
        """
        until = time.monotonic() + self._settings.startup_timeout_s
        descriptor = os.open(self.state_path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise ModelError(f"{self._settings.name}: another process takes too long to start it") from None
                    if self._closing.wait(0.2):
                        raise ModelError(f"{self._settings.name}: closed while waiting for a server") from None
            if self._closing.is_set():
                raise ModelError(f"{self._settings.name}: used after close()")
            yield
        finally:
            os.close(descriptor)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
