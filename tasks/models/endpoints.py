"""The servers of one model: which gets the next request, and how long all of them wait for a rate limit."""

import asyncio
import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from storage.errors import ModelError
from tasks.models import failures
from tasks.models.failures import RateLimitedError
from tasks.models.settings import OpenAISettings
from tasks.models.stats import RequestMeter

log = logging.getLogger(__name__)

BUDGET_LASTS_S = 60.0
"""Seconds without a limit after which the next one has the whole budget again."""
SHORTEST_PAUSE_S = 1.0


@dataclass
class Endpoint:
    """One server and the state of its requests; times are of the monotonic clock."""

    url: str
    in_flight: int = 0
    """Samples in flight."""
    failures: int = 0
    """Failures in a row."""
    avoided_until: float = 0.0
    """Time until which other servers are preferred."""
    limits: int = 0
    """Rate limits in a row, those of one burst of requests counted once."""
    limited_at: float = 0.0
    """Time of the last of these limits."""
    limited_until: float = 0.0
    """Time until which it gets no request."""
    revivals: int = 0
    """Times that it was started again."""

    @contextmanager
    def carrying(self, samples: int) -> Iterator[None]:
        """Count samples in flight during the body."""
        self.in_flight += samples
        try:
            yield
        finally:
            self.in_flight -= samples


class Endpoints:
    """Servers of equal models, for use from one event loop."""

    def __init__(self, settings: OpenAISettings, meter: RequestMeter) -> None:
        self._all = [Endpoint(url.rstrip("/")) for url in settings.urls]
        self._backoff_s = settings.backoff_s
        self._budget_minutes = settings.rate_limit_minutes
        self._meter = meter
        self._limited_since: float | None = None
        """Time of the first limit after which no server has answered."""

    def urls(self) -> Sequence[str]:
        """Return the addresses of all servers."""
        return [endpoint.url for endpoint in self._all]

    async def take(self) -> Endpoint:
        """Return the server with the least in flight; wait where the rate limits of all of them say so."""
        while True:
            now = time.monotonic()
            unlimited = [endpoint for endpoint in self._all if endpoint.limited_until <= now]
            if unlimited:
                return min(unlimited, key=lambda endpoint: (endpoint.avoided_until > now, endpoint.in_flight))
            until = min(endpoint.limited_until for endpoint in self._all)
            with self._meter.waiting(until):
                await asyncio.sleep((until - now) * random.uniform(1.0, 1.1))  # noqa: S311 - spreads the requests

    def note_success(self, endpoint: Endpoint) -> None:
        """Trust a server that has answered."""
        endpoint.failures = endpoint.limits = 0
        self._limited_since = None

    def note_failure(self, endpoint: Endpoint) -> None:
        """Prefer other servers for a while."""
        endpoint.failures += 1
        endpoint.avoided_until = time.monotonic() + failures.choose_pause_s(endpoint.failures, self._backoff_s)

    def note_limit(self, endpoint: Endpoint, sent_at: float, limit: RateLimitedError) -> None:
        """Send a server nothing for as long as it asks, or for a pause that doubles where it names no time.

        Args:
            sent_at: time of the request; further limits of requests that were sent before the last one count as one.

        Raises:
            ModelError: no server has let a request through within `rate_limit_minutes`, or will.
        """
        now = time.monotonic()
        if self._limited_since is None or now > max(e.limited_until for e in self._all) + BUDGET_LASTS_S:
            self._limited_since = now
        left_s = self._limited_since + 60 * self._budget_minutes - now
        pause_s = limit.retry_after_s
        if left_s <= 0 or (pause_s or 0.0) > left_s:
            asks = "" if pause_s is None else f", asks to wait {pause_s:.0f} s"
            raise ModelError(
                f"{endpoint.url}: rate limit, no answer for {now - self._limited_since:.0f} s{asks}: {limit.words}; "
                f"rows written so far stay; run again later, or raise rate_limit_minutes={self._budget_minutes:g}"
            )
        is_same_burst = sent_at <= endpoint.limited_at
        if not is_same_burst:
            endpoint.limits += 1
            endpoint.limited_at = now
        own_pause_s = min(left_s, failures.choose_pause_s(max(0, endpoint.limits - 1), self._backoff_s))
        if pause_s is None:
            if is_same_burst:
                return
            pause_s = own_pause_s
        pause_s = max(pause_s, min(own_pause_s, SHORTEST_PAUSE_S))  # some ask for none, again and again
        if now + pause_s > endpoint.limited_until:
            endpoint.limited_until = now + pause_s
            log.info("%s: waiting for the server's rate limit, %.0f s: %s", endpoint.url, pause_s, limit.words)
