"""A server that echoes prompts and misbehaves on request, and the types of the fixtures that build things."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from tasks.models.openai import OpenAIModel
from tasks.models.protocol import Completion, Model, Prompt, Sampling
from tests.servers import JsonServer


class EchoServer(JsonServer):
    """Answers `echo: <last message> #<i>`.

    Attributes:
        failures: statuses of the first responses, in order.
        longest_prompt: characters of a message beyond which a prompt is refused.
        most_tokens: `max_tokens` beyond which a prompt is refused.
        obeys_n: whether a request for n samples gets n; otherwise it gets one.
        bodies: the requests, in order of arrival.
        in_flight: samples asked for and not answered.
        most_in_flight: the largest value of `in_flight` so far.
    """

    def __init__(
        self,
        failures: list[int] | None = None,
        longest_prompt: int = 1000,
        most_tokens: int = 1000,
        obeys_n: bool = True,
    ) -> None:
        super().__init__()
        self.failures = failures or []
        self.longest_prompt = longest_prompt
        self.most_tokens = most_tokens
        self.obeys_n = obeys_n
        self.bodies: list[dict[str, Any]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._permits = math.inf
        self._changed = threading.Condition()

    def hold(self) -> None:
        """Let requests wait for an answer until `release`."""
        with self._changed:
            self._permits = 0

    def release(self, requests: float = math.inf) -> None:
        """Answer so many of the requests that wait or will come."""
        with self._changed:
            self._permits += requests
            self._changed.notify_all()

    def wait_for_samples(self, samples: int) -> None:
        """Wait until exactly so many samples are in flight."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.in_flight == samples, 60), self.in_flight

    def answer(self, body: dict[str, Any]) -> tuple[int, object]:
        """Return an echo, a failure or a refusal."""
        n = body.get("n", 1)
        with self._changed:
            self.bodies.append(body)
            failure = self.failures.pop(0) if self.failures else None
            self.in_flight += n
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._permits > 0)
            self._permits -= 1
            self.in_flight -= n
        text = body["messages"][-1]["content"]
        if failure is not None:
            return failure, {"error": {"message": "scripted failure"}}
        if len(text) > self.longest_prompt or body["max_tokens"] > self.most_tokens:
            return 400, {"error": {"message": "longer than the context"}}
        choices = [
            {"index": i, "message": {"role": "assistant", "content": f"echo: {text} #{i}"}, "finish_reason": "stop"}
            for i in range(n if self.obeys_n else 1)
        ]
        return 200, {"choices": choices[::-1], "usage": {"prompt_tokens": 7, "completion_tokens": 10 * len(choices)}}


Serve = Callable[..., EchoServer]
"""Arguments of EchoServer -> a running server."""
Connect = Callable[..., OpenAIModel]
"""Servers or addresses, and settings that differ from the fixture's -> a client."""
BuildPrompt = Callable[..., Prompt]
"""Text and number of samples -> a prompt whose key is its text."""


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


def complete(model: Model, prompts: Iterable[Prompt], sampling: Sampling | None = None) -> list[Completion]:
    """Return the answers to prompts; every sample has one."""
    replies = list(model.complete(prompts, sampling or Sampling()))
    completions = [reply for reply in replies if isinstance(reply, Completion)]
    assert completions == replies
    return completions
