"""Start a fork server in a container: connect to the judge, and tidy the container's view first.

Docker shows /sys and more of /dev, which no program needs, and lacks a /dev/shm, which some do. This is corrected in a
new user namespace, since the container itself holds no capability.
"""

import os
import socket

from . import confine, zygote

DEVICES = ("null", "zero", "full", "urandom", "random")
REMOUNT = 32


def start(role: str, path: str, uid: int) -> None:
    """Run one fork server over the judge's listening socket at `path`; see zygote.start."""
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(path)
    _replace_mounts()
    zygote.start(role, control.detach(), uid)


def _replace_mounts() -> None:
    """Mount a /dev with nothing but DEVICES and a link to /tmp, and an empty /sys."""
    uid, gid = os.getuid(), os.getgid()
    confine.unshare(confine.NEWUSER | confine.NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    devices = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    flags = confine.NOSUID | confine.NODEV
    confine.mount(b"tmpfs", b"/dev", b"tmpfs", confine.NOSUID, b"size=4k,nr_inodes=8,mode=755")
    for name, fd in devices.items():
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        confine.mount(f"/proc/self/fd/{fd}".encode(), f"/dev/{name}".encode(), None, confine.BIND)
        os.close(fd)
    os.symlink("/tmp", "/dev/shm")
    confine.mount(b"tmpfs", b"/dev", None, REMOUNT | confine.BIND | confine.RDONLY | confine.NOSUID)
    confine.mount(b"tmpfs", b"/sys", b"tmpfs", flags | confine.RDONLY, b"size=4k,nr_inodes=1,mode=555")
