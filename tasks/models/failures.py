"""What a failed request means: tried again after a pause, a fault of the prompt, or the end; and words for each."""

import random

import httpx

from tasks.models.chat import BadAnswerError

LONGEST_PAUSE_S = 30.0
PROMPT_FAULTS = {400, 413, 422}  # the server read the request and will not have it, however often it comes
AGAIN = (httpx.RequestError, httpx.HTTPStatusError, BadAnswerError)
KEY = "put a valid key into the variable that api_key_env names"
FIXES = {
    401: KEY,
    403: KEY,
    404: "check that the address ends in /v1 and that name is one of those that /v1/models lists",
}


def worth_another_try(status: int) -> bool:
    """Whether the same request may be answered later: time-out, too many requests, the server's own trouble."""
    return status in (408, 429) or status >= 500


def too_many(failure: Exception) -> bool:
    """Whether the server is well and only asks for patience."""
    return isinstance(failure, httpx.HTTPStatusError) and failure.response.status_code == 429


def pause_s(attempt: int, first_s: float, failure: Exception) -> float:
    """Seconds before the next attempt: doubling, spread at random, at least what the server asked for (to 30 s)."""
    pause: float = min(LONGEST_PAUSE_S, first_s * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.5)  # noqa: S311 - guards nothing
    if isinstance(failure, httpx.HTTPStatusError):
        asked: str = failure.response.headers.get("retry-after", "")
        if asked.isdigit():
            pause = max(pause, min(LONGEST_PAUSE_S, float(asked)))
    return pause


def say(failure: Exception) -> str:
    """One line for a person."""
    if isinstance(failure, httpx.HTTPStatusError):
        return f"status {failure.response.status_code}, {failure.response.text[:300]!r}"
    return f"{type(failure).__name__} {failure}".strip()


def hint(failure: Exception) -> str:
    """What to do about it."""
    if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
        return "is the server running, and reachable from here?"
    if isinstance(failure, httpx.TimeoutException):
        return "lower max_in_flight or raise request_timeout_s"
    return "see the server's own log"


def fix(status: int) -> str:
    """What to do about a status that no other attempt will change."""
    return FIXES.get(status, "expected 200; is this an OpenAI-compatible server?")
