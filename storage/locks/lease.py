"""A lease: one run at a time on a lake, or on a part of it; who holds it, until when, and when it may be taken over.

A lease in a folder consists of two things. The kernel's lock on LOCK ends with the process, however that ends. LEASE is
a file that names the holder and expires unless it is renewed: it tells people which run they wait for, and it alone
counts where the kernels of two machines don't share locks, as on some network file systems. The clocks of such machines
must agree to a few seconds. The folder is that of the lake, or one below its folder PARTS. On S3 there is the expiry
alone, see storage/s3/lease.py.
"""

import fcntl
import json
import logging
import os
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import psutil

from storage.errors import HeldError, LakeError
from storage.locks.held import released_after
from storage.locks.processes import process_start_time

LOCK, LEASE, PARTS = ".run", ".lease", ".leases"
_Lease = TypeVar("_Lease")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holder:
    """The process that holds a lease; its JSON is the content of LEASE."""

    owner: str
    """The person or the flow run."""
    host: str
    """Name of the machine, for people."""
    machine: str
    """Boot of the kernel and namespace of process ids: where both are equal, a process id means the same process."""
    pid: int
    pid_started: float
    """psutil's create_time, since process ids are used again."""
    token: str
    """Tells two leases of one process apart."""
    started: float
    """Unix time."""
    expires: float
    """Unix time; from then on any process may take the lease over."""

    def has_ended(self) -> bool:
        """Return whether the lease may be taken over: it has expired, or its process is seen to have ended."""
        if time.time() >= self.expires:
            return True
        return self.machine == _machine() and process_start_time(self.pid) != self.pid_started


def read_holder(folder: Path) -> Holder | None:
    """Return the holder that LEASE names; None where there is no lease, or another version of Patchmill wrote it."""
    try:
        return parse_holder((folder / LEASE).read_bytes())
    except OSError:
        return None


def parse_holder(content: bytes) -> Holder | None:
    """Return the holder that a lease's content names; None where another version of Patchmill wrote it."""
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return None


@contextmanager
def hold_folder(folder: Path, owner: str, lease_s: float, wait_s: float) -> Iterator[Holder]:
    """Hold a folder while the body runs. If the folder was created for this and stayed empty, it is removed.

    Args:
        folder: folder of the lake or of its part; created where it is missing.
        owner: name of the holder for those who wait.
        lease_s: how long the lease lasts without a renewal; it is renewed three times as often.
        wait_s: how long to wait for another holder.

    Raises:
        HeldError: another process held it longer than that.
        LakeError: the folder cannot be written to.
    """
    descriptor = _acquire_lock(folder, owner, wait_s)
    try:
        holder = new_holder(owner, lease_s)
        _write_lease(folder, holder)
        try:
            with (
                released_after(holder.token, lambda: _remove_lease(folder, holder)),
                renew_in_background(folder, holder, lease_s, lambda renewed: _renew_lease(folder, renewed)),
            ):
                yield holder
        finally:
            if [path.name for path in folder.iterdir()] == [LOCK]:  # the run has written nothing: leave nothing
                shutil.rmtree(folder)
    finally:
        os.close(descriptor)


def _acquire_lock(folder: Path, owner: str, wait_s: float) -> int:
    """Return the locked descriptor of LOCK, as soon as no other process holds the folder."""

    def try_lock() -> tuple[int | None, Holder | None]:
        descriptor, holder = _lock_file(folder), read_holder(folder)
        if descriptor is not None and holder is not None:
            if holder.has_ended():
                log.warning("%s: lease of %s taken over, which has ended", folder, describe_holder(holder))
            else:
                os.close(descriptor)
                descriptor = None
        return descriptor, holder

    return wait_for_lease(folder, owner, wait_s, (0.1, 0.5), try_lock)


def wait_for_lease(
    place: object,
    owner: str,
    wait_s: float,
    pause_s: tuple[float, float],
    try_lease: Callable[[], tuple[_Lease | None, Holder | None]],
) -> _Lease:
    """Call `try_lease` until it returns a lease; return that.

    Args:
        place: the folder or object, for messages.
        owner: name of the process that waits, for messages.
        pause_s: shortest and longest pause between two attempts.
        try_lease: returns the lease, or None with its present holder, if that is known.

    Raises:
        HeldError: another process held it for `wait_s`.
    """
    deadline, is_logged = time.monotonic() + wait_s, False
    while True:
        lease, holder = try_lease()
        if lease is not None:
            return lease
        if time.monotonic() >= deadline:
            raise held_error(place, holder)
        if not is_logged:
            log.info("%s waits up to %.0f s: %s", owner, wait_s, held_error(place, holder))
            is_logged = True
        time.sleep(random.uniform(*pause_s))  # noqa: S311 only spreads those who wait


def _lock_file(folder: Path) -> int | None:
    """Return a descriptor of LOCK that holds the kernel's lock; None where another process has it."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # another holder has just removed the folder that it had created
            continue
        except OSError as error:
            raise LakeError(
                f"{folder}: cannot be held: {error.strerror or error}; name another lake by --lake PATH"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if (folder / LOCK).stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # the locked file is not there any more


@contextmanager
def renew_in_background(
    place: object, holder: Holder, lease_s: float, renew: Callable[[Holder], Holder | None]
) -> Iterator[None]:
    """Renew a lease while the body runs. If another process has taken it over, SIGTERM ends this one.

    Args:
        place: the folder or object, for messages.
        renew: writes the lease with its new expiry; returns the other holder where the lease was taken over.
    """
    is_over = threading.Event()

    def keep_renewing() -> None:
        while not is_over.wait(lease_s / 3):
            try:
                other = renew(replace(holder, expires=time.time() + lease_s))
            except LakeError as error:  # a full disk, say: the next renewal may succeed
                log.warning("%s", error)
                continue
            if other is not None:
                # This process slept past its lease, and another machine works here now. No row may follow. A run ends
                # well on SIGTERM, and its commits stay.
                log.error(
                    "%s: the lease expired and was taken over by %s; this run ends", place, describe_holder(other)
                )
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=keep_renewing, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew_lease(folder: Path, holder: Holder) -> Holder | None:
    if not _is_held_by(folder, holder):
        return read_holder(folder)
    _write_lease(folder, holder)
    return None


def _remove_lease(folder: Path, holder: Holder) -> None:
    if _is_held_by(folder, holder):
        (folder / LEASE).unlink(missing_ok=True)


def _is_held_by(folder: Path, holder: Holder) -> bool:
    current = read_holder(folder)
    return current is None or current.token == holder.token


def _write_lease(folder: Path, holder: Holder) -> None:
    """Write LEASE as a whole, or leave the one before."""
    part = folder / f"{LEASE}.part"
    try:
        part.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        part.replace(folder / LEASE)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise LakeError(f"{folder / LEASE}: cannot be written: {error.strerror or error}") from error


def new_holder(owner: str, lease_s: float) -> Holder:
    """Return this process as the holder of a new lease."""
    now, pid = time.time(), os.getpid()
    return Holder(
        owner=owner,
        host=socket.gethostname(),
        machine=_machine(),
        pid=pid,
        pid_started=process_start_time(pid) or 0.0,
        token=uuid4().hex,
        started=now,
        expires=now + lease_s,
    )


def _machine() -> str:
    """Return a name of what gives process ids their meaning; a reboot changes it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # no Linux
        return f"{socket.gethostname()}/{int(psutil.boot_time())}"


def describe_holder(holder: Holder | None) -> str:
    """Return owner, process and host of a holder in words."""
    return "an unknown run" if holder is None else f"{holder.owner} (process {holder.pid} on {holder.host})"


def held_error(place: object, holder: Holder | None) -> HeldError:
    """Return an error that says in one line who holds a lake, since when, and what to do."""
    if holder is None:
        return HeldError(
            f"{place}: another run works on this lake; wait for it (--set lake.wait_s=600), or name another "
            "(--lake PATH)"
        )
    since = datetime.fromtimestamp(holder.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return HeldError(
        f"{place}: held by {describe_holder(holder)} since {since}; wait for it (--set lake.wait_s=600), "
        f"end it (kill {holder.pid} on {holder.host}), or name another lake (--lake PATH)",
        owner=holder.owner,
        pid=holder.pid,
        host=holder.host,
    )
