"""Classify failed requests, choose pauses before retries, and word failures for people."""

import random

import httpx

from tasks.models.chat import BadAnswerError

LONGEST_PAUSE_S = 30.0
REFUSED = {400, 413, 422}
"""Statuses of a prompt that the server read and will refuse every time."""
RETRYABLE_ERRORS = (httpx.RequestError, httpx.HTTPStatusError, BadAnswerError)
_KEY_FIX = "put a valid key into the variable that api_key_env names"
_FIXES = {
    401: _KEY_FIX,
    403: _KEY_FIX,
    404: "check that the address ends in /v1 and that name is one of those that /v1/models lists",
}


def is_retryable(status: int) -> bool:
    """Return whether the same request may succeed later: time-out, too many requests, or an error of the server."""
    return status in (408, 429) or status >= 500


def is_rate_limit(error: Exception) -> bool:
    """Return whether the server is healthy and only asks to wait."""
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 429


def choose_pause_s(attempt: int, first_pause_s: float, error: Exception) -> float:
    """Return the seconds to wait before the next attempt, at most 30 s times the random factor.

    The pause doubles with every attempt (from 0) and is multiplied by a random factor of 0.5 to 1.5.
    A server's Retry-After header raises it, to 30 s at most.
    """
    pause_s: float = min(LONGEST_PAUSE_S, first_pause_s * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.5)  # noqa: S311 - guards nothing
    if isinstance(error, httpx.HTTPStatusError):
        retry_after: str = error.response.headers.get("retry-after", "")
        if retry_after.isdigit():
            pause_s = max(pause_s, min(LONGEST_PAUSE_S, float(retry_after)))
    return pause_s


def describe_failure(error: Exception) -> str:
    """Describe a failed request in one line."""
    if isinstance(error, httpx.HTTPStatusError):
        return describe_response(error.response)
    return f"{type(error).__name__} {error}".strip()


def describe_response(response: httpx.Response) -> str:
    """Describe a response other than a success in one line."""
    return f"status {response.status_code}, {response.text[:300]!r}"


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
