"""Where a sandbox cannot start, the message names the cause on this host and the command that mends it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judge.backends.bubblewrap import Bubblewrap, find_bwrap
from judge.backends.host import HostFacts, check_readable, explain, find_ban, list_needed, read_facts
from judge.errors import SandboxError
from judge.factory import require_usable

# What bwrap and the fork server write where a kernel refuses.
NO_NAMESPACE = "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged"
REFUSED = "bwrap: Creating new namespace failed: Operation not permitted"
USED_UP = "bwrap: Creating new namespace failed: No space left on device"
UID_MAP = "bwrap: setting up uid map: Permission denied"
LOOPBACK = "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted"
PROC = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"
OWN_MAP = "PermissionError: [Errno 13] Permission denied: '/proc/self/uid_map'"
UNSHARE = "OSError: [Errno 1] unshare: Operation not permitted"
UBUNTU = HostFacts(max_user_namespaces=96365, unprivileged_userns_clone=1, apparmor_restrict=1)
DOCKER = HostFacts(max_user_namespaces=96365, container="docker", seccomp=True)

CASES = {
    "Ubuntu 24.04, user": (UID_MAP, UBUNTU, "AppArmor", "kernel.apparmor_restrict_unprivileged_userns=0"),
    "Ubuntu 24.04, loopback": (LOOPBACK, UBUNTU, "AppArmor", "kernel.apparmor_restrict_unprivileged_userns=0"),
    "Ubuntu 24.04, root": (OWN_MAP, UBUNTU, "AppArmor", "kernel.apparmor_restrict_unprivileged_userns=0"),
    "no user namespaces": (USED_UP, HostFacts(max_user_namespaces=0), "is 0", "sysctl -w user.max_user_namespaces="),
    "all in use": (USED_UP, HostFacts(max_user_namespaces=10), "used up", "sysctl -w user.max_user_namespaces="),
    "old Debian": (
        NO_NAMESPACE, HostFacts(unprivileged_userns_clone=0), "for root alone", "kernel.unprivileged_userns_clone=1",
    ),
    "Docker": (REFUSED, DOCKER, "a container (docker)", "docker run --user"),
    "Docker, masked /proc": (PROC, DOCKER, "a container (docker)", "systempaths=unconfined"),
    "Podman": (UNSHARE, HostFacts(container="podman"), "a container (podman)", "docker run --user"),
    "systemd": (UNSHARE, HostFacts(seccomp=True), "filter of system calls", "RestrictNamespaces=no"),
    "pyenv of root": (
        "bwrap: Can't find source path /root/.pyenv/versions/3.11.7: Permission denied", HostFacts(),
        "cannot read /root/.pyenv/versions/3.11.7", "virtual environment anew",
    ),
    "executable not bound": (
        "bwrap: execvp /root/.pyenv/versions/3.11.7/bin/python3.11: No such file or directory", DOCKER,
        "cannot read /root/.pyenv", "virtual environment anew",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("stderr", "facts", "cause", "fix"), CASES.values(), ids=CASES)
def test_a_refusal_is_explained_by_its_cause(stderr: str, facts: HostFacts, cause: str, fix: str) -> None:
    remedy = explain(f"{stderr}\n", facts)
    assert remedy is not None and cause in remedy.cause and fix in remedy.fix


@pytest.mark.parametrize(
    "stderr",
    [
        pytest.param("", id="silence"),
        pytest.param("bwrap: Unknown option --perms", id="old bwrap"),
        pytest.param("packages: the folder is not readable for the sandbox's user: Permission denied", id="packages"),
    ],
)
def test_nothing_is_blamed_that_the_message_does_not_show(stderr: str) -> None:
    assert explain(stderr, DOCKER) is None and explain(stderr, UBUNTU) is None


def write_host(root: Path, **files: str) -> Path:
    """Write files of a host; `__` stands for a slash in their names."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_facts_are_read_from_the_hosts_files(tmp_path: Path) -> None:
    ubuntu = write_host(
        tmp_path / "ubuntu",
        proc__sys__user__max_user_namespaces="63000\n",
        proc__sys__kernel__apparmor_restrict_unprivileged_userns="1\n",
        proc__1__cgroup="0::/init.scope\n",
        proc__self__status="Name:\tpython\nSeccomp:\t0\nSeccomp_filters:\t0\n",
    )
    assert read_facts(ubuntu) == HostFacts(63000, None, 1, "", False)
    pod = write_host(
        tmp_path / "pod", proc__1__cgroup="0::/kubepods.slice/kubepods-pod1.slice\n", proc__self__status="Seccomp:\t2\n"
    )
    assert read_facts(pod) == HostFacts(container="kubepods", seccomp=True)
    docker, podman = tmp_path / "docker", tmp_path / "podman"
    docker.mkdir()
    (docker / ".dockerenv").touch()
    write_host(podman, run__0="").joinpath("run/.containerenv").touch()
    assert (read_facts(docker).container, read_facts(podman).container) == ("docker", "podman")
    assert read_facts(tmp_path / "nothing") == HostFacts()


def test_only_what_forbids_every_namespace_refuses_without_a_try() -> None:
    assert find_ban(UBUNTU) is None and find_ban(DOCKER) is None
    ban = find_ban(HostFacts(max_user_namespaces=0))
    assert ban is not None and "sysctl -w user.max_user_namespaces" in ban.fix


@pytest.fixture
def interpreter(tmp_path: Path) -> list[Path]:
    """An interpreter's files, readable for anybody."""
    prefix, inside = tmp_path / "python", tmp_path / "inside"
    library = prefix / "lib" / "python{}.{}".format(*sys.version_info)
    for folder in (prefix / "bin", library / "encodings", library / "lib-dynload", inside):
        folder.mkdir(parents=True)
    for file in (prefix / "bin/python3", library / "os.py", inside / "zygote.py"):
        file.touch()
    needed = list_needed(prefix, prefix / "bin/python3", inside)
    for path in needed:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return needed


def test_a_readable_interpreter_is_fine(interpreter: list[Path]) -> None:
    assert len(interpreter) == 8 and check_readable(interpreter).ok


@pytest.mark.parametrize("part", range(8))
def test_any_part_that_programs_cannot_read_is_named_with_the_command(interpreter: list[Path], part: int) -> None:
    check = check_readable(interpreter, lambda path: path != interpreter[part])
    assert not check.ok and str(interpreter[part]) in check.detail and check.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="programs run as another user only where the judge is root")
@pytest.mark.parametrize("part", range(8))
def test_modes_of_a_strict_umask_are_seen(interpreter: list[Path], part: int) -> None:
    interpreter[part].chmod(0o700 if interpreter[part].is_dir() else 0o600)
    check = check_readable(interpreter)
    assert not check.ok and check.fix == f"chmod -R a+rX {interpreter[part]}"


@pytest.mark.skipif(find_bwrap() is None, reason="no bwrap: make bubblewrap")
def test_an_interpreter_that_programs_cannot_read_is_refused_before_any_program(tmp_path: Path) -> None:
    hidden = Path("/var/empty-of-python")
    with pytest.raises(SandboxError, match=r"interpreter: .*read /var/empty-of-python.*fix: "):
        require_usable(Bubblewrap(prefix=hidden))


# The limit of a user namespace holds for those within, so that this needs no change of the machine.
NO_NAMESPACES = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" -c "$1"'
OPEN = """
from judge.factory import SandboxSettings, open_sandbox
open_sandbox(SandboxSettings(backend='bubblewrap'))
"""


@pytest.mark.skipif(find_bwrap() is None, reason="no bwrap: make bubblewrap")
def test_a_host_without_user_namespaces_is_refused_in_earnest() -> None:
    command = ["unshare", "--user", "--map-root-user", "sh", "-e", "-c", NO_NAMESPACES, sys.executable, OPEN]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode != 0 and "no usable sandbox" in process.stderr, process.stderr
    assert "user.max_user_namespaces is 0" in process.stderr and "sudo sysctl -w" in process.stderr
