"""Confine the fork server and every job it forks: namespaces, mounts, limits, capabilities, seccomp."""

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
OWN_TMP = {"files_bytes": 64 << 20, "inodes": 4096}
"""Limits of the /tmp of a fork server while it preloads, and of the tests' process."""
AGE_S = 0.05  # longer than a tick of any kernel: a change after so long gives a folder another time stamp

_libc = ctypes.CDLL(None, use_errno=True)


def _check_call(result: int, call: str) -> None:
    """Raise OSError where a call of the C library has failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


def unshare(flags: int) -> None:
    """Move this process to new namespaces; raises OSError."""
    _check_call(_libc.unshare(flags), "unshare")


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    """Mount `source` at `target`; raises OSError."""
    _check_call(_libc.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount {os.fsdecode(target)}")


class Server:
    """The confinement of the fork server's own process, and of the jobs that it forks."""

    def __init__(self, uid: int, allow_children: bool) -> None:
        """Confine this process: user `uid` where it started as root, a user namespace of its own, no /proc.

        Args:
            uid: user and group to become.
            allow_children: whether jobs may have child processes; such a job gets namespaces and a /tmp of its own.
        """
        _check_call(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
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
        # After making a pid namespace for a job, this process may only return to one that its user namespace owns.
        inner = os.fork()
        if inner:
            os.closerange(3, 1024)
            os.waitpid(inner, 0)
            os._exit(0)
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY)
        # Jobs run as the owner of this /proc, which outlives them: a job that could write here would leave notes.
        mount(b"tmpfs", b"/proc", b"tmpfs", RDONLY | NOSUID | NODEV, b"size=4k,nr_inodes=1,mode=555")
        self._allow_children = allow_children
        self._tmp_is_clean = False
        self._mount_tmp(_format_options(OWN_TMP))
        for which, value in (
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_CORE, 1),  # not 0: the kernel would still pass a dump to the machine's handler
            (resource.RLIMIT_MEMLOCK, 0),
        ):
            resource.setrlimit(which, (value, value))
        self._per_job = Filter(static=False, forks=allow_children)
        Filter(static=True).load()
        # Versions of capset differ in length, not in meaning: all sets empty.
        self._no_caps = (struct.pack("=II", CAPABILITY_V3, 0), bytes(24))

    def fork(self, limits: dict[str, int]) -> int:
        """Fork a child, in a new pid namespace if it may have children. Return as os.fork does; raises OSError."""
        self._tmp_is_clean = self._prepare_tmp(limits if self._allow_children else OWN_TMP)
        if not self._allow_children:
            return os.fork()
        unshare(NEWPID)
        try:
            child = os.fork()
        except OSError:
            _libc.setns(self._own_pids, NEWPID)
            raise
        if child:
            _check_call(_libc.setns(self._own_pids, NEWPID), "setns")
        return child

    def _prepare_tmp(self, limits: dict[str, int]) -> bool:
        """Mount /tmp anew if its size is wrong or a job has changed anything in it. Return whether a job may use it.

        Most programs never write there, and a mount for each of them would take 0.25 ms. Every change, undone or not,
        moves the ctime of /tmp, which no process can set. A change within the tick of the mount does not show, so that
        a fresh /tmp may be used only after AGE_S.
        """
        options = _format_options(limits)
        if self._tmp != (options, *_stat_tmp()):
            _check_call(_libc.umount2(b"/tmp", DETACH), "umount /tmp")
            self._mount_tmp(options)
        return time.monotonic() - self._mounted_at > AGE_S

    def _mount_tmp(self, options: bytes) -> None:
        mount(b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV | NOATIME, options)
        self._tmp, self._mounted_at = (options, *_stat_tmp()), time.monotonic()

    def confine(self, limits: dict[str, int]) -> None:
        """In the child: give it an empty /tmp of its own, no capabilities, hard limits. This can't be undone."""
        os.setpgid(0, 0)  # else a signal of the job to its process group would reach the server, too
        if self._allow_children:
            if not self._tmp_is_clean:
                unshare(NEWNS)
                mount(b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV | NOATIME, _format_options(limits))
            unshare(NEWUSER)  # without a map every id is the overflow id, and only this job's processes are counted
        os.chdir("/tmp")
        _check_call(_libc.capset(*self._no_caps), "capset")
        cpu = limits["cpu_s"]
        for which, value in (
            (resource.RLIMIT_CPU, cpu),
            (resource.RLIMIT_AS, limits["address_bytes"]),
            (resource.RLIMIT_NPROC, limits["processes"]),
        ):
            resource.setrlimit(which, (value, value))
        self._per_job.load()


def empty_tmp() -> None:
    """Remove what the tests of an earlier program have left in this process's /tmp, and go there."""
    os.chdir("/tmp")
    for entry in os.scandir("/tmp"):
        import shutil  # hardly any test writes files

        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry, ignore_errors=True)
        else:
            os.unlink(entry)


def _format_options(limits: dict[str, int]) -> bytes:
    """Return the mount options of a job's /tmp."""
    return f"size={limits['files_bytes']},nr_inodes={limits['inodes'] + 1},mode=1777".encode()


def _stat_tmp() -> tuple[int, ...]:
    """Return what differs after any change in /tmp."""
    root, disk = os.stat("/tmp"), os.statvfs("/tmp")
    return root.st_ctime_ns, root.st_mtime_ns, root.st_mode, disk.f_bfree, disk.f_ffree
