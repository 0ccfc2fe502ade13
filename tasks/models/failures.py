"""Classify responses that are no answer, choose pauses before retries, and word failures for people."""

import math
import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from tasks.models.replies import BadAnswerError, one_line, read_error

LONGEST_PAUSE_S = 30.0
RETRYABLE_ERRORS = (httpx.RequestError, BadAnswerError)
RETRYABLE = frozenset({408, 425})
NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"})
"""Codes of a status 429 that no waiting changes."""
_KEY_FIX = "put a valid key into the variable that api_key_env names"
_FIXES = {
    401: _KEY_FIX,
    402: "the account has no credit left",
    404: "check that the address ends in /v1 and that name is one of those that /v1/models lists",
}
"""What to do about a status that says nothing about the prompt."""


class RateLimitedError(Exception):
    """The server is healthy and asks to wait.

    Attributes:
        words: the server's words.
        retry_after_s: seconds that it asks for; None where it names no time.
    """

    def __init__(self, words: str, retry_after_s: float | None) -> None:
        super().__init__(words)
        self.words = words
        self.retry_after_s = retry_after_s


def is_retryable(status: int) -> bool:
    """Return whether the same request may succeed later: time-out, or an error of the server."""
    return status in RETRYABLE or (status >= 500 and status != 501)


def is_refusal(status: int) -> bool:
    """Return whether the server read the request and will refuse it every time, for its prompt or its settings."""
    return status == 501 or (400 <= status < 500 and status not in _FIXES and not is_retryable(status))


def status_of(response: httpx.Response, body: object) -> int:
    """Return the status of a response: 200 for every success; of an error in a success, what it stands for."""
    if not response.is_success:
        return response.status_code
    if not isinstance(body, dict) or not body.get("error") or body.get("choices"):
        return 200
    code, _ = read_error(body)
    if any(word in code for word in ("content_filter", "content_policy", "moderation")):
        return 400
    return int(code) if re.fullmatch("[45][0-9][0-9]", code) else 500


def read_rate_limit(response: httpx.Response, status: int, words: str) -> RateLimitedError | None:
    """Return the error of a server that asks to wait: status 429, or an overload (503, 529) that names a time."""
    retry_after_s = read_retry_after(response.headers, datetime.now(UTC))
    if status == 429 or (status in (503, 529) and retry_after_s is not None):
        return RateLimitedError(words, retry_after_s)
    return None


def read_retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return the seconds that the headers ask to wait, as seconds, milliseconds or a date; None where they don't."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) / unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def choose_pause_s(attempt: int, first_pause_s: float) -> float:
    """Return the seconds to wait before the next attempt.

    The pause doubles with every attempt (from 0) up to 30 s, and is multiplied by a random factor of 0.5 to 1.5.
    """
    return min(LONGEST_PAUSE_S, first_pause_s * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.5)  # noqa: S311 - guards nothing


def describe_failure(error: Exception) -> str:
    """Describe a failed request in one line."""
    return str(error) if isinstance(error, BadAnswerError) else one_line(f"{type(error).__name__} {error}".strip())


def parse_json(response: httpx.Response) -> object:
    """Return the JSON of a body; None where it is no JSON."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        return None
    return body


def suggest_remedy(error: Exception) -> str:
    """Suggest what to do about a failure that outlasted all retries."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "is the server running, and reachable from here?"
    if isinstance(error, httpx.TimeoutException):
        return "lower max_in_flight or raise request_timeout_s"
    return "see the server's own log"


def suggest_fix(status: int) -> str:
    """Suggest what to do about a status that no retry will change."""
    return _FIXES.get(status, "expected 200; is this an OpenAI-compatible server?")


def suggest_setting(status: int) -> str:
    """Suggest what to do about a refusal of every prompt."""
    return _KEY_FIX if status == 403 else "change the sampling, or the model's settings"
