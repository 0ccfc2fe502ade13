"""A server that misbehaves in one way, as real servers do, and otherwise writes right programs."""

import threading
import time
from collections.abc import Callable
from typing import Any

from tests.servers import JsonServer

Response = tuple[int, object]
PROGRAMS = {"add": "def add(a, b):\n    return a + b\n", "mul": "def mul(a, b):\n    return a * b\n"}
"""Right programs by name of their function."""


class FaultyServer(JsonServer):
    """Answer like a server that works, except where its fault says otherwise.

    Attributes:
        fault: returns a response for the body of a request, or None for a right answer; None for no fault at all.
        bodies: the requests, in order of arrival.
    """

    def __init__(self, fault: Callable[[dict[str, Any]], Response | None] | None = None) -> None:
        super().__init__()
        self.fault = fault
        self.bodies: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any]) -> Response:
        """Return the fault's response, or a right program for each sample."""
        with self._lock:
            self.bodies.append(body)
            response = self.fault(body) if self.fault else None
        return response or (200, answer_with(body, write_program(body)))


def text_of(body: dict[str, Any]) -> str:
    """Return all turns of a request as one text."""
    return "\n".join(turn["content"] for turn in body["messages"])


def write_program(body: dict[str, Any]) -> str:
    """Return the right program for a request."""
    return f"```python\n{PROGRAMS['mul' if 'mul(' in text_of(body) else 'add']}```"


def answer_with(body: dict[str, Any], content: object) -> object:
    """Return an answer whose samples all have one content."""
    choices = [{"index": i, "message": {"content": content}, "finish_reason": "stop"} for i in range(body.get("n", 1))]
    return {"choices": choices, "usage": {"prompt_tokens": 5, "completion_tokens": 9 * len(choices)}}


def error(status: int, words: str) -> Response:
    """Return an error as OpenAI's servers word it."""
    return status, {"error": {"message": words, "type": "invalid_request_error", "code": None}}


def refuse_system_turns(body: dict[str, Any]) -> Response | None:
    return error(400, "System role not supported") if body["messages"][0]["role"] == "system" else None


def refuse_long_prompts(body: dict[str, Any]) -> Response | None:
    words = "maximum context length is 64 tokens; shorten the messages"
    return error(400, words) if len(text_of(body)) > 60 else None


def give_one_choice(body: dict[str, Any]) -> Response | None:
    return error(400, "Only one completion choice is allowed") if body.get("n", 1) > 1 else None


def give_no_choice_for_mul(body: dict[str, Any]) -> Response | None:
    return (
        (200, {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 0}})
        if "mul(" in text_of(body)
        else None
    )


def filter_mul(body: dict[str, Any]) -> Response | None:
    choices = [{"index": 0, "message": {"content": None}, "finish_reason": "content_filter"}] * body.get("n", 1)
    return (200, {"choices": choices}) if "mul(" in text_of(body) else None


def answer_in_parts(body: dict[str, Any]) -> Response | None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": write_program(body)}]
    return 200, answer_with(body, parts)


class LimitPerWindow:
    """Let so many requests through in each window of some seconds; the others get status 429 without a time."""

    def __init__(self, requests: int, window_s: float) -> None:
        self._requests, self._window_s = requests, window_s
        self._times: list[float] = []
        self.limited = 0

    def __call__(self, body: dict[str, Any]) -> Response | None:
        now = time.monotonic()
        self._times = [at for at in self._times if now - at < self._window_s]
        if len(self._times) == self._requests:
            self.limited += 1
            return error(429, "4 requests per minute")
        self._times.append(now)
        return None
