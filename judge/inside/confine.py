"""Namespaces, mounts, limits and capabilities of the fork server and of every job it forks."""

import ctypes
import os
import resource
import struct
import time

from .seccomp import Filter

NEWNS, NEWUSER, NEWPID = 0x00020000, 0x10000000, 0x20000000
DETACH = 2
RDONLY, NOSUID, NODEV, NOATIME, BIND = 1, 2, 4, 1024, 4096
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, CAPABILITY_V3 = 4, 38, 0x20080522
OPEN_FILES = 256
AGE_S = 0.05  # more than a tick of any kernel: whatever is changed from then on has another time stamp

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    _check(_libc.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount {os.fsdecode(target)}")


class Server:
    """The fork server's own standing: another user where it started as root, a user namespace of its own, no /proc."""

    def __init__(self, uid: int, families: bool) -> None:
        """`families`: whether jobs may have child processes; those that may get namespaces and a /tmp of their own."""
        _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        if os.getuid() == 0 and uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self/uid_map belongs to root
        uid, gid = os.getuid(), os.getgid()
        unshare(NEWUSER | NEWNS | NEWPID)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        # Only a pid namespace that our user namespace owns may be come back to after making one for a job.
        inner = os.fork()
        if inner:
            os.closerange(3, 1024)
            os.waitpid(inner, 0)
            os._exit(0)
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY)
        # Jobs are its owner's, and it outlives them: one that could write here would leave notes for the next.
        mount(b"tmpfs", b"/proc", b"tmpfs", RDONLY | NOSUID | NODEV, b"size=4k,nr_inodes=1,mode=555")
        self._families = families
        self._tmp: tuple[bytes | int, ...] | None = None
        self._made, self._untouched = 0.0, False
        for which, value in (
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_CORE, 1),  # not 0: the kernel would still hand a dump to a handler of the machine's
            (resource.RLIMIT_MEMLOCK, 0),
        ):
            resource.setrlimit(which, (value, value))
        self._per_job = Filter(static=False, forks=families)
        Filter(static=True).load()
        # Versions of capset differ in length, not in meaning: all sets empty.
        self._no_caps = (struct.pack("=II", CAPABILITY_V3, 0), bytes(24))

    def fork(self, limits: dict[str, int]) -> int:
        """Fork a child, process 1 of a new pid namespace if it may have children; 0 in the child, as os.fork."""
        if not self._families:
            return os.fork()
        self._untouched = self._is_untouched(limits)
        unshare(NEWPID)
        try:
            child = os.fork()
        except OSError:
            _libc.setns(self._own_pids, NEWPID)
            raise
        if child:
            _check(_libc.setns(self._own_pids, NEWPID), "setns")
        return child

    def _is_untouched(self, limits: dict[str, int]) -> bool:
        """Whether our own /tmp has the right size and nobody has ever changed a thing in it; makes it anew if not.

        Most programs never write there, and a mount of its own for each would cost 0.25 ms. Every
        change, undone or not, moves the root's ctime, which nobody can set; but not within the tick it was made in.
        """
        size = _size(limits)
        if self._tmp is None or self._tmp != (size, *_stamps()):
            if self._tmp is not None:
                _check(_libc.umount2(b"/tmp", DETACH), "umount /tmp")
            mount(b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV | NOATIME, size)
            self._tmp, self._made = (size, *_stamps()), time.monotonic()
        return time.monotonic() - self._made > AGE_S

    def confine(self, limits: dict[str, int]) -> None:
        """In the child: a /tmp that is empty and its own, empty rights, hard limits. There is no way back."""
        os.setpgid(0, 0)  # else a signal to its own process group would reach the server, too
        if self._families:
            if not self._untouched:
                unshare(NEWNS)
                mount(b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV | NOATIME, _size(limits))
            os.chdir("/tmp")
            unshare(NEWUSER)  # no map is written: every id is the overflow id, and processes are counted here alone
        _check(_libc.capset(*self._no_caps), "capset")
        cpu = limits["cpu_s"]
        for which, value in (
            (resource.RLIMIT_CPU, cpu),
            (resource.RLIMIT_AS, limits["address_bytes"]),
            (resource.RLIMIT_NPROC, limits["processes"]),
        ):
            resource.setrlimit(which, (value, value))
        self._per_job.load()


def _size(limits: dict[str, int]) -> bytes:
    return f"size={limits['files_bytes']},nr_inodes={limits['inodes'] + 1},mode=1777".encode()


def _stamps() -> tuple[int, ...]:
    root, disk = os.stat("/tmp"), os.statvfs("/tmp")
    return root.st_ctime_ns, root.st_mtime_ns, root.st_mode, disk.f_bfree, disk.f_ffree
