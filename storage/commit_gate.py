"""The gate that every commit passes, so that a process which is asked to end can do so between two commits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_changed = threading.Condition()
_under_way = 0
_is_closed = False


@contextmanager
def commit_gate() -> Iterator[None]:
    """Commit in the body; where the gate is closed, wait for the end of this process instead."""
    global _under_way
    with _changed:
        _changed.wait_for(lambda: not _is_closed)
        _under_way += 1
    try:
        yield
    finally:
        with _changed:
            _under_way -= 1
            _changed.notify_all()


def close_gate(wait_s: float) -> bool:
    """Let no further commit begin in this process. Return whether those under way ended within `wait_s`."""
    global _is_closed
    with _changed:
        _is_closed = True
        return _changed.wait_for(lambda: _under_way == 0, wait_s)
