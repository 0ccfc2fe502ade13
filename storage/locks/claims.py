"""What one run of several may touch: buckets that no other one works on, and the whole lake for a moment."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Protocol
from uuid import uuid4

from storage.errors import HeldError
from storage.lake import Lake
from storage.locks.leases import BUCKET, WHOLE, WORKER, held


class Work(Protocol):
    """A run's hold on its lake."""

    shared: bool
    """Whether others may work on the lake."""

    def alone(self) -> AbstractContextManager[object]:
        """Have the lake alone while the body runs; waits for others that have."""

    def take(self, bucket: int) -> bool:
        """Have a bucket until `give`; False where another run works on it."""

    def give(self, bucket: int) -> None:
        """Let others have it."""


@contextmanager
def working(lake: Lake, owner: str) -> Iterator[Work]:
    """Hold what `lake.shared` asks for: all of the lake for the whole run, or a bucket at a time.

    Raises:
        HeldError: another run holds the lake.
    """
    if not lake.settings.shared:
        with lake.alone(owner):
            yield _Alone()
        return
    with ExitStack() as leases:
        work = _Together(lake, owner, leases)
        with work.alone():  # a run that wants all of the lake looks for workers while it holds it: it finds this one
            leases.enter_context(work.part(f"{WORKER}{uuid4().hex}"))
        yield work


class _Alone:
    """Everything is ours already."""

    shared = False

    def alone(self) -> AbstractContextManager[object]:
        return nullcontext()

    def take(self, bucket: int) -> bool:
        return True

    def give(self, bucket: int) -> None:
        pass


class _Together:
    """Leases of buckets; those left over are given back with `leases`."""

    shared = True

    def __init__(self, lake: Lake, owner: str, leases: ExitStack) -> None:
        self._lake, self._owner, self._leases = lake, owner, leases
        self._held: dict[int, ExitStack] = {}

    def alone(self) -> AbstractContextManager[object]:
        return held(self._lake.root, WHOLE, self._owner, self._lake.settings.lease_s, math.inf)

    def part(self, name: str) -> AbstractContextManager[object]:
        return held(self._lake.root, name, self._owner, self._lake.settings.lease_s, 0)

    def take(self, bucket: int) -> bool:
        lease = ExitStack()
        try:
            lease.enter_context(self.part(f"{BUCKET}{bucket:04d}"))
        except HeldError:
            return False
        self._leases.push(lease)
        self._held[bucket] = lease
        return True

    def give(self, bucket: int) -> None:
        self._held.pop(bucket).close()
