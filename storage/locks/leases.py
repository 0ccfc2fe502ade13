"""Leases of a lake by name, wherever it lies: of all of it, and of its parts."""

import getpass
import os
from contextlib import AbstractContextManager
from pathlib import Path

from storage.locks import lease
from storage.locks.lease import LEASE, PARTS, Holder
from storage.s3 import lease as lease_s3
from storage.s3 import store as s3

WHOLE = ""
"""Name of the lease of the whole lake."""
REMOVING_WAIT_S = 600.0  # a table of 10 million rows is compacted in seconds
WORKER, BUCKET = "worker-", "bucket-"
"""How names of parts begin: of a run that shares the lake, as long as it lasts, and of a bucket it works on."""


def held(root: str, name: str, owner: str, lease_s: float, wait_s: float) -> AbstractContextManager[Holder]:
    """Hold a lake (WHOLE) or a part of it, any name, while the body runs; see storage.locks.lease.held."""
    if s3.remote(root):
        return lease_s3.held(root, _object(name), owner, lease_s, wait_s)
    return lease.held(_folder(root, name), owner, lease_s, wait_s)


def holders(root: str, prefix: str = "") -> list[Holder]:
    """Who holds parts of a lake whose names begin with `prefix` and, where that is empty, the whole; none that is gone.

    Raises:
        LakeError: the store can't be reached.
    """
    if s3.remote(root):
        found = [lease_s3.holder(root, name) for name in _objects(root, prefix)]
    else:
        found = [lease.holder(path) for path in sorted(_folder(root, WHOLE).glob(f"{PARTS}/{prefix}*"))]
    if not prefix:
        whole = lease_s3.holder(root, LEASE) if s3.remote(root) else lease.holder(Path(root))
        found.append(whole)
    return [one for one in found if one is not None and not one.gone()]


def _folder(root: str, name: str) -> Path:
    return Path(root) / PARTS / name if name else Path(root)


def _object(name: str) -> str:
    return f"{PARTS}/{name}" if name else LEASE


def _objects(root: str, prefix: str) -> list[str]:
    return [name for name in lease_s3.names(root) if name.startswith(f"{PARTS}/{prefix}")]


def removing(root: str, table: str, lease_s: float) -> AbstractContextManager[Holder]:
    """Hold a table while files are taken out of it, that is for one commit.

    Delta Lake's own check does not see that two commits take out the same file where one of them merges files: the rows
    of the other's would be there twice (deltalake 1.6.6). Runs hold the lake, but publishing writes to `drops` beside.
    """
    return held(root, f"removing-{table}", user(), lease_s, REMOVING_WAIT_S)


def user() -> str:
    """Who holds what no flow run holds."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return str(os.getuid())
