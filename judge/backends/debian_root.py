"""Build a root file system from Debian's packages, without a registry and without running any package's script.

apt resolves and downloads, from this machine's own sources, everything that a machine without any package would need.
The files of all packages go into one tar.
"""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from judge.errors import SandboxError

MERGED = ("bin", "sbin", "lib", "lib64")  # links into /usr, as in Debian 12 and later
FOLDERS = {"dev": 0o755, "etc": 0o755, "proc": 0o755, "sys": 0o755, "tmp": 0o1777}
DROPPED = re.compile(r"usr/share/(doc/(?!.*/copyright$)|man/|info/|locale/|i18n/|lintian/|bash-completion/|doc-base/)")
STDLIB = re.compile(r"(usr/lib/python3\.\d+)/os\.py")
ALTERNATIVE = re.compile(r"(usr/lib/[^/]+-linux-[^/]+)/([^/]+/[^/]+\.so\.\d+)")
SITE = "usr/lib/python3/dist-packages/"
FIX = "`apt-get update`, where apt's sources can be reached"


def fetch_packages(packages: Sequence[str], folder: Path) -> list[Path]:
    """Download packages with all their dependencies into `folder`; return the archives. Raises SandboxError."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SandboxError(
            "no apt-get here: images are built on Debian or Ubuntu alone",
            fix="leave `image` out to use this machine's interpreter, or name an image there that has Python 3.11",
        )
    (folder / "archives/partial").mkdir(parents=True)
    (folder / "status").touch()  # nothing is installed yet
    options = [f"Dir::State::status={folder}/status", f"Dir::Cache={folder}", f"Dir::Cache::archives={folder}/archives"]
    options += ["Debug::NoLocking=1", "APT::Sandbox::User=root", "Acquire::Retries=1"]
    command = ["apt-get", "--quiet=2", *(f"--option={option}" for option in options)]
    command += ["install", "--download-only", "--no-install-recommends", "--yes", "--", *packages]
    environment = {**os.environ, "LC_ALL": "C"}
    process = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False
    )
    if process.returncode:
        reasons = [line for line in process.stderr.splitlines() if line.startswith("E:")] or [process.stderr[-300:]]
        raise SandboxError(f"apt-get cannot get {' '.join(packages)}: {' '.join(reasons[:3])}", fix=FIX)
    return sorted((folder / "archives").glob("*.deb"))


def write_root(archives: Iterable[Path], out: Path) -> None:
    """Write the files of many packages, without documentation and translations, to one tar. Raises SandboxError."""
    with tarfile.open(out, "w") as tar:
        names: set[str] = set()
        for name, mode in FOLDERS.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            names.add(name)
            tar.addfile(entry)
        for name in MERGED:
            _link(tar, names, name, f"usr/{name}")
        for archive in archives:
            _unpack(archive, tar, names)
        python = max((match[1] for name in names if (match := STDLIB.fullmatch(name))), default="")
        if not python:
            raise SandboxError("these packages bring no Python", fix="name python3 among them")
        _link(tar, names, "usr/bin/python3", Path(python).name)
        # The judge starts Python without `site`, which would put this folder on the path.
        modules = {name.removeprefix(SITE).split("/")[0] for name in names if name.startswith(SITE)}
        for name in sorted(name for name in modules if not name.endswith("-info")):
            _link(tar, names, f"{python}/{name}", f"../python3/dist-packages/{name}")
        # libblas.so.3 and the like: a package's script would call update-alternatives for them.
        for match in filter(None, map(ALTERNATIVE.fullmatch, sorted(names))):
            _link(tar, names, f"{match[1]}/{Path(match[2]).name}", match[2])


def _unpack(archive: Path, tar: tarfile.TarFile, names: set[str]) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpacking:
        assert unpacking.stdout is not None
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as files:
            for entry in files:
                entry.name = _place(entry.name)
                if entry.name in names or not entry.name or DROPPED.match(entry.name + "/" * entry.isdir()):
                    continue
                if entry.ischr() or entry.isblk() or entry.isfifo():
                    continue
                if entry.islnk():
                    entry.linkname = _place(entry.linkname)
                entry.mode &= 0o755  # no setuid or setgid bits
                names.add(entry.name)
                tar.addfile(entry, files.extractfile(entry) if entry.isreg() else None)
    if unpacking.returncode:
        raise SandboxError(f"dpkg-deb cannot read {archive.name}")


def _place(name: str) -> str:
    """Return a file's path in a root whose /bin, /lib and so on are links into /usr; empty for the root itself."""
    name = name.removeprefix("./").strip("/")
    return "" if name == "." else f"usr/{name}" if name.split("/")[0] in MERGED else name


def _link(tar: tarfile.TarFile, names: set[str], name: str, target: str) -> None:
    if name not in names:
        names.add(name)
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        tar.addfile(entry)
