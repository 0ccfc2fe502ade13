"""The audit where the machine gives less: without cgroups, and as an ordinary user. Both leave it as it was."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

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
def _root_and_bubblewrap():
    if os.geteuid() != 0:
        pytest.skip("only root can hide cgroups, or become somebody else")
    if find_bwrap() is None:
        pytest.skip("no bwrap: make bubblewrap")


@contextmanager
def unharmed():
    """Nothing new lies in the machine's folders, and no process has lost its parent, which would fall to us."""
    before, known = _listed(), _children()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
        deadline = time.monotonic() + 5
        while (left := _children() - known) and time.monotonic() < deadline:
            for pid in left:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
    finally:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    assert (left, _listed()) == (set(), before)


def _listed():
    return {str(path) for place in PLACES for path in Path(place).iterdir()}


def _children():
    return {int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()}


def _audited(script, extent, *more):
    """What audited.py tells, run by `script` in a mount namespace of its own."""
    command = ["unshare", "--mount", "sh", "-e", "-c", script, "sh", *more, extent]
    with unharmed():
        ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize(("extent", "programs"), EXTENTS)
def test_the_audit_is_right_without_cgroups(extent, programs):
    told = _audited('mount -t tmpfs none /sys/fs/cgroup; exec "$@"', extent, *AUDITED)
    assert told == {"programs": programs, "wrong": [], "cgroup": "none", "user": 0}


@pytest.fixture
def shown():
    """A folder that any user may look into, for what is bound there."""
    folder = Path(tempfile.mkdtemp(prefix="pm-", dir="/var/tmp"))  # programs have a /tmp of their own over ours
    folder.chmod(0o755)
    for name in ("tree", "site", "python", "bin", "home"):
        (folder / name).mkdir()
    shutil.copy(find_bwrap(), folder / "bin/bwrap")
    os.chown(folder / "home", USER, USER)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(("extent", "programs"), EXTENTS)
def test_the_audit_is_right_for_an_ordinary_user(shown, extent, programs):
    # Bound, since the interpreter and this tree may lie where nobody else may look.
    script = f"""
        mount --bind {ROOT} {shown}/tree
        mount --bind {sysconfig.get_path("purelib")} {shown}/site
        mount --bind {sys.base_prefix} {shown}/python
        cd {shown}/home
        exec env -i HOME={shown}/home PATH={shown}/bin:/usr/bin:/bin PYTHONPATH={shown}/tree:{shown}/site \\
            setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs "$@"
    """
    python = f"{shown}/python/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    told = _audited(script, extent, python, *AUDITED[1:])
    assert told["user"] == USER and told["programs"] == programs and told["wrong"] == []
    assert list((shown / "home").iterdir()) == []
