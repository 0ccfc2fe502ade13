"""Wait for events: a test that waits for a fixed time fails on a slower machine."""

import time
from collections.abc import Callable
from typing import TypeVar

Event = TypeVar("Event")


def until(event: Callable[[], Event], what: str, seconds: float = 120, pause_s: float = 0.02) -> Event:
    """Call `event` until its result is true; return that result.

    Raises:
        AssertionError: the event, named by `what`, did not come within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := event()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause_s)
    return answer
