"""The claims of a run on its lake: all of it, or single buckets beside other runs."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Protocol
from uuid import uuid4

from storage.errors import HeldError
from storage.lake import Lake
from storage.locks.leases import BUCKET, WHOLE_LAKE, WORKER, hold_lease


class LakeClaims(Protocol):
    """The claims of one run on its lake."""

    shared: bool
    """True where other runs may work on the lake."""

    def hold_exclusively(self) -> AbstractContextManager[object]:
        """Keep all other runs out while the body runs; wait for those that do the same."""

    def claim_bucket(self, bucket: int) -> bool:
        """Keep other runs out of a bucket until `release_bucket`; return False where another run works on it."""

    def release_bucket(self, bucket: int) -> None:
        """Let other runs claim a bucket."""


@contextmanager
def claim_lake(lake: Lake, owner: str) -> Iterator[LakeClaims]:
    """Hold the whole lake while the body runs; with `lake.shared`, only the buckets that the body claims.

    Raises:
        HeldError: another run holds the lake.
    """
    if not lake.settings.shared:
        with lake.hold_exclusively(owner):
            yield _WholeLakeClaims()
        return
    with ExitStack() as leases:
        claims = _BucketClaims(lake, owner, leases)
        with claims.hold_exclusively():  # a run that wants the whole lake looks for workers while it holds the lake
            leases.enter_context(claims.hold_part(f"{WORKER}{uuid4().hex}"))
        yield claims


class _WholeLakeClaims:
    """Claims of a run that holds the whole lake: every bucket is its own."""

    shared = False

    def hold_exclusively(self) -> AbstractContextManager[object]:
        return nullcontext()

    def claim_bucket(self, bucket: int) -> bool:
        return True

    def release_bucket(self, bucket: int) -> None:
        pass


class _BucketClaims:
    """Claims of a run beside others; buckets that it has not released are released with `leases`."""

    shared = True

    def __init__(self, lake: Lake, owner: str, leases: ExitStack) -> None:
        self._lake, self._owner, self._leases = lake, owner, leases
        self._buckets: dict[int, ExitStack] = {}

    def hold_exclusively(self) -> AbstractContextManager[object]:
        return hold_lease(self._lake.root, WHOLE_LAKE, self._owner, self._lake.settings.lease_s, math.inf)

    def hold_part(self, name: str) -> AbstractContextManager[object]:
        return hold_lease(self._lake.root, name, self._owner, self._lake.settings.lease_s, 0)

    def claim_bucket(self, bucket: int) -> bool:
        lease = ExitStack()
        try:
            lease.enter_context(self.hold_part(f"{BUCKET}{bucket:04d}"))
        except HeldError:
            return False
        self._leases.push(lease)
        self._buckets[bucket] = lease
        return True

    def release_bucket(self, bucket: int) -> None:
        self._buckets.pop(bucket).close()
