"""How far the stages of this process are; whoever shows it polls."""

import threading
from collections import defaultdict
from dataclasses import dataclass

_lock = threading.Lock()


@dataclass
class Progress:
    """Rows asked for and rows done of one stage."""

    total: int = 0
    done: int = 0


_stages: dict[str, Progress] = defaultdict(Progress)


def expect(stage: str, rows: int) -> None:
    """Announce work."""
    with _lock:
        _stages[stage].total += rows


def advance(stage: str, rows: int) -> None:
    """Report work that is committed."""
    with _lock:
        _stages[stage].done += rows


def snapshot() -> dict[str, Progress]:
    """A copy, in order of first mention."""
    with _lock:
        return {stage: Progress(p.total, p.done) for stage, p in _stages.items()}


def reset() -> None:
    """Forget everything: a new run begins."""
    with _lock:
        _stages.clear()
