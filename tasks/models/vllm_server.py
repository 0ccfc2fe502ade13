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
from storage.locks.processes import process_start_time
from tasks.models.environment import find_python, uses_gpu
from tasks.models.hardware import list_cores
from tasks.models.server_state import ServerState, is_healthy, is_running, read_state, write_state
from tasks.models.settings import VllmSettings, home
from tasks.models.vllm_command import build_command, build_variables
from tasks.models.weights import Weights

log = logging.getLogger(__name__)

SUPERVISOR = Path(__file__).with_name("supervisor.py")
GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LOG_LINES = 25
"""Lines of the server's log in an error message."""
RESTART_WINDOW_S = 3600.0
CLIENT_SETTINGS = {
    "weights", "weights_store", "startup_timeout_s", "restarts", "request_timeout_s", "retries", "send_seed",
}  # fmt: skip
"""Settings that servers need not share: no answer depends on them."""


class VllmServer:
    """A server for one set of settings; any thread may call its methods.

    State, lock and log are files in PATCHMILL_HOME/servers, named by the hash of the settings. A healthy server with
    the same settings is used, whichever process started it, and left running. A server that this object started ends
    with it, or with this process, however that dies (see supervisor.py).
    """

    def __init__(self, settings: VllmSettings, weights: Weights) -> None:
        self._settings = settings
        self._weights = weights
        shared_settings = settings.model_dump(mode="json", exclude=CLIENT_SETTINGS)
        shared_settings["environment"] = str(settings.environment.absolute())
        self.key = content_id("server", settings=shared_settings, path=str(weights.path), revision=weights.revision)
        self.state_path = home() / "servers" / f"{self.key}.json"
        self.log_path = self.state_path.with_suffix(".log")
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._start_times: collections.deque[float] = collections.deque()

    def ensure_running(self) -> str:
        """Return the base address of a healthy server, which is started if there is none.

        Raises:
            ModelError: it does not start, or died more than `restarts` times within an hour.
        """
        with self._lock:
            if self._port is None or not is_healthy(self._port, self._settings.name):
                self._port = self._find_or_start()
            return f"http://127.0.0.1:{self._port}/v1"

    def close(self) -> None:
        """End the server if this object started it."""
        self._closing.set()
        with self._lock:
            self._end()

    def _find_or_start(self) -> int:
        self.state_path.parent.mkdir(parents=True, exist_ok=True)
        with self._hold_lock():
            state = read_state(self.state_path)
            if state is not None and is_running(state):
                if is_healthy(state.port, self._settings.name):
                    log.info("%s: using the server on port %d", self._settings.name, state.port)
                    return state.port
                log.warning("%s: the server on port %d is unhealthy, starting another", self._settings.name, state.port)
            self._end()
            self._count_start()
            return self._start()

    def _count_start(self) -> None:
        now = time.monotonic()
        while self._start_times and now - self._start_times[0] > RESTART_WINDOW_S:
            self._start_times.popleft()
        if len(self._start_times) > self._settings.restarts:
            deaths = len(self._start_times)
            raise ModelError(
                f"{self._settings.name}: the server died {deaths} times within an hour; {self._read_log_tail()}"
            )
        self._start_times.append(now)

    def _start(self) -> int:
        """Start a server and wait until it is healthy; return its port."""
        settings = self._settings
        port = settings.port or find_free_port()
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".previous.log"))
        log.info("%s: starting a server on port %d, log in %s", settings.name, port, self.log_path)
        start_time = time.monotonic()
        self._process = process = self._launch(port)
        try:
            self._wait_until_healthy(process, port, start_time + settings.startup_timeout_s)
        except ModelError:
            self._end()
            raise
        write_state(self.state_path, ServerState(process.pid, process_start_time(process.pid) or 0.0, port, self.key))
        log.info("%s: ready after %.0f s", settings.name, time.monotonic() - start_time)
        return port

    def _launch(self, port: int) -> "subprocess.Popen[bytes]":
        """Start the supervisor, which starts the server; both write to the log."""
        settings = self._settings
        python, gpu = find_python(settings.environment), uses_gpu(settings.environment)
        # -IS: the supervisor uses the standard library only.
        supervisor = [sys.executable, "-IS", str(SUPERVISOR), str(os.getpid()), str(GRACE_S)]
        command = build_command(python, settings, self._weights.path, port, gpu)
        variables = build_variables(settings, list_cores(settings.cores), gpu)
        with self.log_path.open("wb") as log_file:
            return subprocess.Popen(
                [*supervisor, *command],
                stdin=subprocess.PIPE,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                env=os.environ | variables,
                start_new_session=True,
            )

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]", port: int, deadline: float) -> None:
        name = self._settings.name
        while True:
            if process.poll() is not None:
                raise ModelError(f"{name}: the server ended with status {process.returncode}; {self._read_log_tail()}")
            if is_healthy(port, name):
                return
            if time.monotonic() > deadline:
                limit = f"startup_timeout_s={self._settings.startup_timeout_s:.0f}"
                raise ModelError(f"{name}: the server was not ready within {limit}; {self._read_log_tail()}")
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
        state = read_state(self.state_path)
        if state is not None and state.pid == process.pid:
            self.state_path.unlink(missing_ok=True)

    def _read_log_tail(self) -> str:
        try:
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        except OSError:
            lines = []
        return f"end of {self.log_path}:\n  " + "\n  ".join(lines or ["(empty)"])

    @contextlib.contextmanager
    def _hold_lock(self) -> Iterator[None]:
        """Hold the lock file while looking for a server and starting one, so that two processes don't start two.

        The kernel releases it when the holder dies.

        Raises:
            ModelError: this object was closed meanwhile, or another process held the lock for `startup_timeout_s`.
        """
        deadline = time.monotonic() + self._settings.startup_timeout_s
        descriptor = os.open(self.state_path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ModelError(f"{self._settings.name}: another process takes too long to start it") from None
                    if self._closing.wait(0.2):
                        raise ModelError(f"{self._settings.name}: closed while waiting for a server") from None
            if self._closing.is_set():
                raise ModelError(f"{self._settings.name}: used after close()")
            yield
        finally:
            os.close(descriptor)


def find_free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
