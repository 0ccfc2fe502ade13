"""Say why a sandbox does not start on this host, and which command mends it."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from judge.backends.base import Remedy, SandboxCheck

APPARMOR = "kernel/apparmor_restrict_unprivileged_userns"
CLONE = "kernel/unprivileged_userns_clone"
MOST = "user/max_user_namespaces"
_CONTAINERS = re.compile(r"\b(docker|kubepods|containerd|libpod|podman|lxc|garden)\b")
_REFUSED = re.compile(
    r"Operation not permitted|Permission denied|No permissions? to creat|No space left on device|RTM_NEWADDR"
)
_UNREADABLE = re.compile(r"(?:Can't find source path|execvp) (?P<path>/[^:]+): (?:Permission denied|No such file)")
IN_CONTAINER = (
    "start the container by docker run --user 1000 --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined --security-opt systempaths=unconfined ... (as root in it, add --cap-add SYS_ADMIN --cap-add "
    "NET_ADMIN); or run Patchmill on the host"
)


@dataclass(frozen=True)
class HostFacts:
    """What decides on this host whether a process may make user namespaces; None where the kernel has no such file."""

    max_user_namespaces: int | None = None
    unprivileged_userns_clone: int | None = None
    apparmor_restrict: int | None = None
    container: str = ""
    """Kind of container that this process is in; empty outside of one."""
    seccomp: bool = False
    """A filter of system calls lies on this process."""


def read_facts(root: Path = Path("/")) -> HostFacts:
    """Read the facts of this host from the files below `root`."""
    container = ""
    if (root / ".dockerenv").exists():
        container = "docker"
    elif (root / "run/.containerenv").exists():
        container = "podman"
    elif name := _CONTAINERS.search(_read(root / "proc/1/cgroup")):
        container = name[1]
    return HostFacts(
        max_user_namespaces=_read_number(root / "proc/sys" / MOST),
        unprivileged_userns_clone=_read_number(root / "proc/sys" / CLONE),
        apparmor_restrict=_read_number(root / "proc/sys" / APPARMOR),
        container=container,
        seccomp=re.search(r"^Seccomp:\s*2$", _read(root / "proc/self/status"), re.MULTILINE) is not None,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read_number(path: Path) -> int | None:
    text = _read(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def find_ban(facts: HostFacts) -> Remedy | None:
    """Return what forbids every user namespace here, whoever asks; None where nothing does for certain."""
    if facts.max_user_namespaces == 0:
        return Remedy("user.max_user_namespaces is 0: this host allows no user namespace", _sysctl(MOST, 10_000))
    if facts.unprivileged_userns_clone == 0:
        return Remedy("kernel.unprivileged_userns_clone is 0: user namespaces are for root alone", _sysctl(CLONE, 1))
    return None


def explain(stderr: str, facts: HostFacts) -> Remedy | None:
    """Return why a fork server did not start, by what it wrote and the facts of the host; None where neither tells."""
    if unreadable := _UNREADABLE.search(stderr):
        path = unreadable["path"]
        return Remedy(f"this user cannot read {path}, where the interpreter lies", _OTHER_PYTHON)
    if stderr.startswith("packages: ") or not _REFUSED.search(stderr):
        return None
    if ban := find_ban(facts):
        return ban
    if facts.apparmor_restrict:
        return Remedy(
            "AppArmor takes all rights from user namespaces (kernel.apparmor_restrict_unprivileged_userns is "
            f"{facts.apparmor_restrict}, as Ubuntu 23.10 and later set it)",
            _sysctl(APPARMOR, 0),
        )
    if "No space left on device" in stderr:
        return Remedy("the number of user namespaces is used up", _sysctl(MOST, 100_000))
    if facts.container:
        return Remedy(f"this is a container ({facts.container}) that may not make namespaces", IN_CONTAINER)
    if facts.seccomp:
        return Remedy(
            "a filter of system calls on this process refuses namespaces",
            "start Patchmill outside of what set the filter; in a systemd unit, set RestrictNamespaces=no",
        )
    return None


def _sysctl(name: str, value: int) -> str:
    setting = f"{name.replace('/', '.')}={value}"
    return f"sudo sysctl -w {setting} (to keep it: echo {setting} | sudo tee /etc/sysctl.d/60-patchmill.conf)"


_OTHER_PYTHON = (
    "use a Python that this user can read (apt-get install python3 python3-venv, or uv python install --install-dir "
    "FOLDER 3.11), and make the virtual environment anew with it"
)


def list_needed(prefix: Path, executable: Path, inside: Path) -> list[Path]:
    """Return files and folders that stand for all that a program must be able to read: interpreter, library, judge."""
    library = prefix / "lib" / "python{}.{}".format(*sys.version_info)
    parts = (library, library / "encodings", library / "lib-dynload", library / "os.py")
    # os.path, here and below: Path's methods raise where a folder above cannot be entered.
    existing = [part for part in parts if os.path.exists(part)]  # noqa: PTH110
    return [prefix, executable, *existing, inside, inside / "zygote.py"]


def check_readable(paths: Iterable[Path], readable: Callable[[Path], bool] | None = None) -> SandboxCheck:
    """Check that programs can read these files.

    Args:
        paths: files and folders.
        readable: whether the user that programs run as can; by default another user's rights where this is root, else
            this user's.
    """
    root = os.geteuid() == 0
    readable = readable or (_others_can_read if root else _can_read)
    for path in paths:
        if not readable(path):
            who = "programs run as a user that cannot" if root else "this user cannot"
            fix = f"chmod -R a+rX {path}" if root else _OTHER_PYTHON
            return SandboxCheck("interpreter", False, f"{who} read {path}", fix)
    return SandboxCheck("interpreter", True, f"Python {sys.version.split()[0]}, readable")


def _can_read(path: Path) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0))  # noqa: PTH112


def _others_can_read(path: Path) -> bool:
    """Return whether the path's own mode lets any user read it; a sandbox gives its parents modes of its own."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    needed = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return mode & needed == needed
