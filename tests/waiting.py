"""Waiting for what must come, and for nothing else: a test that waits for a time is wrong on another machine."""

import time
from collections.abc import Callable
from typing import TypeVar

Event = TypeVar("Event")


def until(event: Callable[[], Event], what: str, seconds: float = 120, pause_s: float = 0.02) -> Event:
    """Ask for an event until its answer is true; that answer.

    Raises:
        AssertionError: it did not come within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not (answer := event()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause_s)
    return answer
