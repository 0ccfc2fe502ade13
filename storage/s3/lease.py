"""Leases on S3: an object each, only written if nobody has written it since we looked (If-None-Match, If-Match).

No kernel's lock reaches so far, so the expiry is all that counts between machines, whose clocks must agree to a few
seconds. S3 deletes without conditions: who ends well leaves an object that has run out.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from storage.locks.lease import PARTS, Holder, holder_of, me, named, renewed, waited_for
from storage.s3 import store as s3

log = logging.getLogger(__name__)


def holder(root: str, name: str) -> Holder | None:
    """Who holds the lease, by what the object says; None where nobody does, or another version wrote it."""
    found = s3.read(root, name)
    return None if found is None else holder_of(found[0])


def names(root: str) -> list[str]:
    """Leases of parts of a lake, be they held or not."""
    return s3.names(root, PARTS)


@contextmanager
def held(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> Iterator[Holder]:
    """Hold the lease `name` of a lake while the body runs; see storage.locks.lease.held.

    Raises:
        HeldError: another holder kept it for `wait_s`.
        LakeError: the store can't be reached, or refuses us.
    """
    mine, version = _acquire(root, name, owner, lease_s, wait_s)

    def renew(later: Holder) -> Holder | None:
        nonlocal version
        new = _put(root, name, later, version)
        if new is None:  # written by another; or by us, where an answer of the store was lost and asked for again
            seen = s3.read(root, name)
            other = holder_of(seen[0]) if seen else None
            if seen is None or other is None or other.token != mine.token:
                return other or mine
            new = seen[1]
        version = new
        return None

    try:
        with renewed(f"{root}/{name}", mine, lease_s, renew):
            yield mine
    finally:
        _put(root, name, replace(mine, expires=0.0), version)


def _acquire(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> tuple[Holder, s3.Version]:
    def attempt() -> tuple[tuple[Holder, s3.Version] | None, Holder | None]:
        seen = s3.read(root, name)
        found = holder_of(seen[0]) if seen else None
        if found is not None and not found.gone():
            return None, found
        mine = me(owner, lease_s)
        version = _put(root, name, mine, seen[1] if seen else None)
        if version is None:
            return None, found
        if found is not None and found.expires:
            log.warning("%s/%s: taken over from %s, which is gone", root, name, named(found))
        return (mine, version), found

    return waited_for(root, owner, wait_s, (0.2, 1.0), attempt)


def _put(root: str, name: str, what: Holder, seen: s3.Version | None) -> s3.Version | None:
    return s3.write(root, name, json.dumps(asdict(what)).encode(), seen)
