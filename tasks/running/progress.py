"""Count how far the stages of this process are; displays poll `snapshot`."""

import threading
from collections import defaultdict
from dataclasses import dataclass

_lock = threading.Lock()


@dataclass
class Progress:
    """Work announced and work committed of one stage, in rows."""

    total: int = 0
    done: int = 0


_stages: dict[str, Progress] = defaultdict(Progress)


def expect(stage: str, rows: int) -> None:
    """Add work that a stage is about to do."""
    with _lock:
        _stages[stage].total += rows


def advance(stage: str, rows: int) -> None:
    """Add work that a stage has committed."""
    with _lock:
        _stages[stage].done += rows


def snapshot() -> dict[str, Progress]:
    """Return a copy of all counters, in the order in which stages first announced work."""
    with _lock:
        return {stage: Progress(p.total, p.done) for stage, p in _stages.items()}


def reset() -> None:
    """Reset all counters at the start of a run."""
    with _lock:
        _stages.clear()
