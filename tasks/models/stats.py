"""What a client has done so far, for reports."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Stats:
    """Counters since the client was made."""

    requests: int = 0
    """Answered, refusals included."""
    samples: int = 0
    retries: int = 0
    refused: int = 0
    """Requests that the server would not take, most often for their length."""
    prompt_tokens: int = 0
    """Counted once a request, however many samples it has: a prompt is read once."""
    completion_tokens: int = 0
    busy_s: float = 0.0
    """Wall time with at least one request in flight."""


class Meter:
    """Counts, from one thread; `snapshot` may be called from any."""

    def __init__(self) -> None:
        self.requests = self.samples = self.retries = self.refused = 0
        self.prompt_tokens = self.completion_tokens = 0
        self._in_flight = 0
        self._busy_s = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        if self._in_flight == 0:
            self._since = time.monotonic()
        self._in_flight += 1

    def __exit__(self, *_: object) -> None:
        self._in_flight -= 1
        if self._in_flight == 0:
            self._busy_s += time.monotonic() - self._since

    def snapshot(self) -> Stats:
        """The counters now; a running busy period counts up to this moment."""
        since, running = self._since, self._in_flight > 0
        return Stats(
            requests=self.requests,
            samples=self.samples,
            retries=self.retries,
            refused=self.refused,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            busy_s=round(self._busy_s + (time.monotonic() - since if running else 0.0), 3),
        )
