"""One run at a time on a lake, or on a part of it: who holds it, until when, and who may take it over.

Two things say that a lake is held. A lock of the kernel on LOCK, which ends with the process, however that ends. And
LEASE, a file that names the holder and runs out unless it is renewed: it tells people whom they wait for, and it is
what counts where the kernels of two machines don't share locks (some network file systems). Of such machines the
clocks must agree to a few seconds. What is held is a folder: the lake, or one of its folder PARTS. On S3 there is the
lease alone, see storage/s3/lease.py.
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
from storage.locks.processes import started

LOCK, LEASE, PARTS = ".run", ".lease", ".leases"
_Held = TypeVar("_Held")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holder:
    """Who works on a lake; its JSON is what lies in LEASE."""

    owner: str
    """The person or the flow run."""
    host: str
    """Name of the machine, for people."""
    machine: str
    """What tells whether a process id means the same here: boot of the kernel and namespace of process ids."""
    pid: int
    pid_started: float
    """psutil's create_time, since process ids are used again."""
    token: str
    """Tells two leases of one process apart."""
    started: float
    """Unix time."""
    expires: float
    """Unix time; from then on anybody may take over."""

    def gone(self) -> bool:
        """Whether it may be taken over: run out, or its process has ended and we are where that can be seen."""
        if time.time() >= self.expires:
            return True
        return self.machine == _machine() and started(self.pid) != self.pid_started


def holder(root: Path) -> Holder | None:
    """Who holds a lake, by what the file says; None where nobody does, or another version wrote it."""
    try:
        return holder_of((root / LEASE).read_bytes())
    except OSError:
        return None


def holder_of(text: bytes) -> Holder | None:
    """Who wrote a lease; None where another version did."""
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return None


@contextmanager
def held(root: Path, owner: str, lease_s: float, wait_s: float) -> Iterator[Holder]:
    """Hold a lake while the body runs. A folder that was made for it and stayed empty is removed.

    Args:
        root: folder of the lake; made when missing.
        owner: whom to name to those who wait.
        lease_s: how long the lease lasts without being renewed; it is renewed three times as often.
        wait_s: how long to wait for another holder.

    Raises:
        HeldError: another holder kept it longer than that.
        LakeError: nothing can be written there.
    """
    descriptor = _acquire(root, owner, wait_s)
    try:
        mine = me(owner, lease_s)
        _write(root, mine)
        try:
            with renewed(root, mine, lease_s, lambda later: _renew(root, later)):
                yield mine
        finally:
            if _still_ours(root, mine):
                (root / LEASE).unlink(missing_ok=True)
            if [path.name for path in root.iterdir()] == [LOCK]:  # nothing came of the run: leave nothing
                shutil.rmtree(root)
    finally:
        os.close(descriptor)


def _acquire(root: Path, owner: str, wait_s: float) -> int:
    """The locked descriptor of LOCK, once nobody else holds the lake."""

    def attempt() -> tuple[int | None, Holder | None]:
        descriptor, found = _lock(root), holder(root)
        if descriptor is not None and found is not None:
            if found.gone():
                log.warning("%s: taken over from %s, which is gone", root, named(found))
            else:
                os.close(descriptor)
                descriptor = None
        return descriptor, found

    return waited_for(root, owner, wait_s, (0.1, 0.5), attempt)


def waited_for(
    root: object,
    owner: str,
    wait_s: float,
    pause_s: tuple[float, float],
    attempt: Callable[[], tuple[_Held | None, Holder | None]],
) -> _Held:
    """Try until we hold it.

    Args:
        root: the lake, for people.
        pause_s: shortest and longest wait between two attempts.
        attempt: what we hold, or None and who does.

    Raises:
        HeldError: another kept it for `wait_s`.
    """
    until, said = time.monotonic() + wait_s, False
    while True:
        mine, found = attempt()
        if mine is not None:
            return mine
        if time.monotonic() >= until:
            raise HeldError(f"{root}: {busy(found)}")
        if not said:
            log.info("%s: %s waits up to %.0f s: %s", root, owner, wait_s, busy(found))
            said = True
        time.sleep(random.uniform(*pause_s))  # noqa: S311 only spreads those who wait


def _lock(root: Path) -> int | None:
    """A descriptor of LOCK that holds the kernel's lock, or None while another process has it."""
    while True:
        try:
            root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # a holder has just removed the folder it had made
            continue
        except OSError as error:
            raise LakeError(
                f"{root}: cannot be held: {error.strerror or error}; name another lake by --lake PATH"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if (root / LOCK).stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # what we locked is not there any more


@contextmanager
def renewed(where: object, mine: Holder, lease_s: float, renew: Callable[[Holder], Holder | None]) -> Iterator[None]:
    """Move the expiry of a lease on while the body runs; where it turns out to be another's, this process ends.

    Args:
        where: what is held, for people.
        renew: writes the lease with its new expiry; returns who holds it where that is another.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(lease_s / 3):
            try:
                other = renew(replace(mine, expires=time.time() + lease_s))
            except LakeError as error:  # a full disk, say: the next time may do better
                log.warning("%s", error)
                continue
            if other is not None:
                # We slept past our lease, and another machine works here now. No row of ours may follow: a run that
                # is told to end ends well, and what it has committed stays.
                log.error("%s: the lease ran out and was taken over by %s; this run ends", where, named(other))
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(root: Path, mine: Holder) -> Holder | None:
    if not _still_ours(root, mine):
        return holder(root)
    _write(root, mine)
    return None


def _still_ours(root: Path, mine: Holder) -> bool:
    found = holder(root)
    return found is None or found.token == mine.token


def _write(root: Path, mine: Holder) -> None:
    """All or nothing."""
    part = root / f"{LEASE}.part"
    try:
        part.write_text(json.dumps(asdict(mine)), encoding="utf-8")
        part.replace(root / LEASE)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise LakeError(f"{root / LEASE}: cannot be written: {error.strerror or error}") from error


def me(owner: str, lease_s: float) -> Holder:
    """This process as the holder of a new lease."""
    now, pid = time.time(), os.getpid()
    return Holder(
        owner=owner,
        host=socket.gethostname(),
        machine=_machine(),
        pid=pid,
        pid_started=started(pid) or 0.0,
        token=uuid4().hex,
        started=now,
        expires=now + lease_s,
    )


def _machine() -> str:
    """Two processes with the same value mean the same process by the same id; a reboot makes another."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # no Linux
        return f"{socket.gethostname()}/{int(psutil.boot_time())}"


def named(found: Holder | None) -> str:
    """A holder in words."""
    return "somebody" if found is None else f"{found.owner} (process {found.pid} on {found.host})"


def busy(found: Holder | None) -> str:
    """One line: who holds it since when, and what to do."""
    if found is None:
        return "another run works on this lake; wait for it (--set lake.wait_s=600), or name another (--lake PATH)"
    since = datetime.fromtimestamp(found.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    end = f"end it (kill {found.pid} on {found.host})"
    return (
        f"held by {named(found)} since {since}; wait for it (--set lake.wait_s=600), {end}, "
        "or name another lake (--lake PATH)"
    )
