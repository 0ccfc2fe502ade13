"""The audit without cgroups, and as an ordinary user; both leave the machine as it was."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from judge.attacks import ATTACKS
from judge.backends.bubblewrap import find_bwrap
from tests.judge.audited import sample_attacks

ROOT = Path(__file__).parents[2]
USER = 61111
PR_SET_CHILD_SUBREAPER = 36
PLACES = ("/", "/var/tmp")
EXTENTS = [pytest.param("sample", len(sample_attacks())), pytest.param("all", len(ATTACKS), marks=pytest.mark.slow)]
AUDITED = [sys.executable, "-m", "tests.judge.audited"]


@pytest.fixture(autouse=True)
def _root_and_bubblewrap() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can hide cgroups, or become another user")
    if find_bwrap() is None:
        pytest.skip("no bwrap: make bubblewrap")


@contextmanager
def unharmed() -> Iterator[None]:
    """Fail if the block leaves a file in the machine's folders, or a process without its parent."""
    files, children = list_files(), list_children()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # such a process becomes a child of this one
    try:
        yield
        deadline = time.monotonic() + 5
        while (orphans := list_children() - children) and time.monotonic() < deadline:
            for pid in orphans:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
    finally:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    assert (orphans, list_files()) == (set(), files)


def list_files() -> set[str]:
    """Return the entries of the folders that no audit may change."""
    return {str(path) for place in PLACES for path in Path(place).iterdir()}


def list_children() -> set[int]:
    """Return the ids of this process's children."""
    return {int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()}


def run_audit(script: str, extent: str, *arguments: str) -> dict[str, Any]:
    """Run audited.py by a shell script in a mount namespace of its own; return its report."""
    command = ["unshare", "--mount", "sh", "-e", "-c", script, "sh", *arguments, extent]
    with unharmed():
        process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=280, check=False)
    assert process.returncode == 0, process.stderr
    report: dict[str, Any] = json.loads(process.stdout)
    return report


@pytest.mark.parametrize(("extent", "programs"), EXTENTS)
def test_the_audit_is_right_without_cgroups(extent: str, programs: int) -> None:
    report = run_audit('mount -t tmpfs none /sys/fs/cgroup; exec "$@"', extent, *AUDITED)
    assert report == {"programs": programs, "wrong": [], "cgroup": "none", "user": 0}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may read, with the programs that an ordinary user needs."""
    bwrap = find_bwrap()
    assert bwrap is not None
    folder = Path(tempfile.mkdtemp(prefix="pm-", dir="/var/tmp"))  # a program's own /tmp hides this one
    folder.chmod(0o755)
    for name in ("tree", "site", "python", "bin", "home"):
        (folder / name).mkdir()
    shutil.copy(bwrap, folder / "bin/bwrap")
    os.chown(folder / "home", USER, USER)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(("extent", "programs"), EXTENTS)
def test_the_audit_is_right_for_an_ordinary_user(open_folder: Path, extent: str, programs: int) -> None:
    # Bound, since other users may not be able to read the interpreter and this tree where they lie.
    script = f"""
        mount --bind {ROOT} {open_folder}/tree
        mount --bind {sysconfig.get_path("purelib")} {open_folder}/site
        mount --bind {sys.base_prefix} {open_folder}/python
        cd {open_folder}/home
        exec env -i HOME={open_folder}/home \\
            PATH={open_folder}/bin:/usr/bin:/bin \\
            PYTHONPATH={open_folder}/tree:{open_folder}/site \\
            setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs "$@"
    """
    python = f"{open_folder}/python/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    report = run_audit(script, extent, python, *AUDITED[1:])
    assert report["user"] == USER and report["programs"] == programs and report["wrong"] == []
    assert list((open_folder / "home").iterdir()) == []
