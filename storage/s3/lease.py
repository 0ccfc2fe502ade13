"""A lease on S3: an object that is written only if no other process has written it since it was read.

S3's conditions on a put do this (If-None-Match, If-Match). No kernel's lock reaches so far, so the expiry alone counts
between machines; their clocks must agree to a few seconds. S3 deletes without conditions, so a lease that ends leaves
an object that has expired.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from storage.locks.held import released_after
from storage.locks.lease import (
    PARTS,
    Holder,
    describe_holder,
    new_holder,
    parse_holder,
    renew_in_background,
    wait_for_lease,
)
from storage.s3 import store as s3

log = logging.getLogger(__name__)


def read_holder(root: str, name: str) -> Holder | None:
    """Return the holder that a lease names; None where there is no lease, or another version of Patchmill wrote it."""
    return _read_lease(root, name)[0]


def list_leases(root: str) -> list[str]:
    """List the names of leases of parts of a lake, also of those that have expired."""
    return s3.list_objects(root, PARTS)


@contextmanager
def hold_object(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> Iterator[Holder]:
    """Hold the lease `name` of a lake while the body runs; see storage.locks.lease.hold_folder.

    Raises:
        HeldError: another process held it for `wait_s`.
        LakeError: the store can't be reached, or refuses the request.
    """
    holder, etag = _acquire_lease(root, name, owner, lease_s, wait_s)

    def renew(renewed: Holder) -> Holder | None:
        nonlocal etag
        new_etag = _write_lease(root, name, renewed, etag)
        if new_etag is None:  # another process wrote it, or this one did in a request whose answer was lost
            other, new_etag = _read_lease(root, name)
            if new_etag is None or other is None or other.token != holder.token:
                return other or holder
        etag = new_etag
        return None

    with (
        released_after(holder.token, lambda: _write_lease(root, name, replace(holder, expires=0.0), etag)),
        renew_in_background(f"{root}/{name}", holder, lease_s, renew),
    ):
        yield holder


def _acquire_lease(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> tuple[Holder, s3.ETag]:
    def try_lease() -> tuple[tuple[Holder, s3.ETag] | None, Holder | None]:
        current, current_etag = _read_lease(root, name)
        if current is not None and not current.has_ended():
            return None, current
        holder = new_holder(owner, lease_s)
        etag = _write_lease(root, name, holder, current_etag)
        if etag is None:
            return None, current
        if current is not None and current.expires:
            log.warning("%s/%s: lease of %s taken over, which has ended", root, name, describe_holder(current))
        return (holder, etag), current

    return wait_for_lease(root, owner, wait_s, (0.2, 1.0), try_lease)


def _read_lease(root: str, name: str) -> tuple[Holder | None, s3.ETag | None]:
    stored = s3.read_object(root, name)
    return (None, None) if stored is None else (parse_holder(stored[0]), stored[1])


def _write_lease(root: str, name: str, holder: Holder, etag: s3.ETag | None) -> s3.ETag | None:
    return s3.write_object(root, name, json.dumps(asdict(holder)).encode(), etag)
