"""Count the requests of a model's client, for reports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Stats:
    """Counters since the client was created."""

    requests: int = 0
    """Answered requests, refusals included."""
    samples: int = 0
    """Completions received."""
    retries: int = 0
    """Attempts after the first of a request."""
    refused: int = 0
    """Samples that the server refused, for their length or for what they say."""
    failed: int = 0
    """Samples of requests that failed in every attempt while the server answered others."""
    prompt_tokens: int = 0
    """Tokens of prompts, counted once a request however many samples it has: a server reads a prompt once."""
    completion_tokens: int = 0
    """Tokens of answers."""
    busy_s: float = 0.0
    """Wall time with at least one request in flight, s."""
    waiting_s: float = 0.0
    """Seconds until the server's rate limit lets the next request through; 0 where none waits for that."""


class RequestMeter:
    """Counters of one thread, which is busy while the meter is entered; any thread may call `snapshot`."""

    def __init__(self) -> None:
        self.requests = self.samples = self.retries = self.refused = self.failed = 0
        self.prompt_tokens = self.completion_tokens = 0
        self._in_flight = 0
        self._busy_s = 0.0
        self._busy_since = 0.0
        self._waiting = 0
        self._waiting_until = 0.0

    def __enter__(self) -> None:
        if self._in_flight == 0:
            self._busy_since = time.monotonic()
        self._in_flight += 1

    def __exit__(self, *_: object) -> None:
        self._in_flight -= 1
        if self._in_flight == 0:
            self._busy_s += time.monotonic() - self._busy_since

    @contextmanager
    def waiting(self, until: float) -> Iterator[None]:
        """Count a request that waits for the server's rate limit until a time of the monotonic clock."""
        self._waiting += 1
        self._waiting_until = max(self._waiting_until, until)
        try:
            yield
        finally:
            self._waiting -= 1

    def snapshot(self) -> Stats:
        """Return the counters; a busy period that has not ended counts up to this moment."""
        busy_since, is_busy = self._busy_since, self._in_flight > 0
        return Stats(
            requests=self.requests,
            samples=self.samples,
            retries=self.retries,
            refused=self.refused,
            failed=self.failed,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            busy_s=round(self._busy_s + (time.monotonic() - busy_since if is_busy else 0.0), 3),
            waiting_s=round(max(0.0, self._waiting_until - time.monotonic()), 3) if self._waiting else 0.0,
        )
