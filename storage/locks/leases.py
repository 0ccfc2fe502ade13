"""Leases of a lake by name, in a folder or on S3: of the whole lake, and of its parts."""

import getpass
import os
from contextlib import AbstractContextManager
from pathlib import Path

from storage.locks import lease
from storage.locks.lease import LEASE, PARTS, Holder
from storage.s3 import lease as lease_s3
from storage.s3 import store as s3

WHOLE_LAKE = ""
"""Name of the lease of the whole lake."""
WORKER, BUCKET = "worker-", "bucket-"
"""Prefixes of part names: of a run that shares the lake, while it lasts, and of a bucket that it works on."""
TABLE_WAIT_S = 600.0  # a table of 10 million rows is compacted in seconds


def hold_lease(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> AbstractContextManager[Holder]:
    """Hold a lake or a part of it while the body runs; see storage.locks.lease.hold_folder.

    Args:
        root: folder of the lake, or s3://BUCKET/PATH.
        name: WHOLE_LAKE, or any name of a part.
    """
    if s3.is_s3(root):
        return lease_s3.hold_object(root, f"{PARTS}/{name}" if name else LEASE, owner, lease_s, wait_s)
    return lease.hold_folder(Path(root) / PARTS / name if name else Path(root), owner, lease_s, wait_s)


def list_holders(root: str, prefix: str = "") -> list[Holder]:
    """List the holders of parts whose names begin with `prefix`; without one, also the holder of the whole lake.

    Holders that have ended are left out.

    Raises:
        LakeError: the store can't be reached.
    """
    if s3.is_s3(root):
        names = [name for name in lease_s3.list_leases(root) if name.startswith(f"{PARTS}/{prefix}")]
        holders = [lease_s3.read_holder(root, name) for name in (*names, *([] if prefix else [LEASE]))]
    else:
        folders = sorted(Path(root).glob(f"{PARTS}/{prefix}*"))
        holders = [lease.read_holder(folder) for folder in (*folders, *([] if prefix else [Path(root)]))]
    return [holder for holder in holders if holder is not None and not holder.has_ended()]


def hold_table(root: str, table: str, lease_s: float) -> AbstractContextManager[Holder]:
    """Hold a table while files are taken out of it, that is for one commit.

    Delta Lake's own check does not see that two commits take out the same file where one of them merges files: the rows
    of the other commit would be there twice (deltalake 1.6.6). A run holds its lake, but publishing writes to `drops`
    at the same time.
    """
    return hold_lease(root, f"removing-{table}", user_name(), lease_s, TABLE_WAIT_S)


def user_name() -> str:
    """Return the name of the user, or their number where they have none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
