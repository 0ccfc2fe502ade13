"""Settings of the sandbox, and the one place that chooses a backend."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from judge.backends.base import Backend, Check
from judge.backends.bubblewrap import Bubblewrap
from judge.backends.docker import Docker
from judge.backends.docker_daemon import host_of, unreachable
from judge.backends.packages import find
from judge.errors import SandboxError
from judge.pool import SlotPool
from judge.problems import Check as CheckTests
from judge.protocol import Job, Limits, Sandbox
from judge.records import JudgeRecord


class SandboxSettings(JudgeRecord):
    """How programs are kept from doing harm, and how much each may use."""

    backend: Literal["auto", "docker", "bubblewrap"] = "auto"
    """`auto` takes Docker where a daemon answers, else bubblewrap; where neither works, nothing is run."""
    image: str | None = None
    """For Docker: an image that is already here and has python3, 3.11 or newer. Null needs none: this machine's
    interpreter is bound into an empty one."""
    docker_host: str | None = None
    """The Docker daemon, by its socket on this machine: `unix:///var/run/docker.sock`; null: DOCKER_HOST, else that."""
    jobs: int | None = Field(None, ge=1)
    """Programs at one time; null for twice the number of cores, since driver and candidate wait for each other."""
    limits: Limits = Limits.model_validate({})
    """What one program may use."""
    packages: Path | None = None
    """A folder of packages for the sandbox's own Python, bound read-only: a virtual environment, or what
    `pip install --target` has made. Problems that import numpy or pandas need it."""
    preload: tuple[Annotated[str, Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")], ...] = ()
    """Modules that the fork servers import once, so that no program pays for them: `[numpy, pandas]`."""
    reruns: int = Field(1, ge=0, le=100)
    """How often a program that passed is run again; one that does not pass every time is `flaky`, and no pass."""
    shared: bool = False
    """Judge again, in one process with its tests, a program that failed only by an answer that can't cross between
    processes (a tensor, say). Such a pass can be faked: its row is flagged `shared`, and data sets leave it out."""


def open_sandbox(settings: SandboxSettings) -> Sandbox:
    """A judge over the backend asked for.

    Raises:
        SandboxError: no backend is usable; the message holds the command that mends it.
        SandboxSettingError: `packages` is no folder of packages for this Python.
    """
    backend = _backend(settings)
    faults = [check for check in backend.check() if not check.ok]
    if faults:
        raise SandboxError("no usable sandbox: " + "; ".join(f"{c.name}: {c.detail}; fix: {c.fix}" for c in faults))
    return SlotPool(backend, settings.jobs, settings.reruns, settings.shared)


def _backend(settings: SandboxSettings) -> Backend:
    wanted = settings.backend
    if wanted == "auto":
        wanted = "bubblewrap" if unreachable(host_of(settings.docker_host)) else "docker"
    ours = wanted == "bubblewrap" or settings.image is None
    packages = find(settings.packages, settings.preload, ours)
    if wanted == "bubblewrap":
        return Bubblewrap(packages=packages)
    return Docker(settings.docker_host, settings.image, settings.limits, packages)


def probe(settings: SandboxSettings | None = None) -> list[Check]:
    """What `doctor` shows: each check, and what to do where it fails. Starts one sandbox, leaves nothing behind."""
    settings = settings or SandboxSettings()
    backend = _backend(settings)
    checks = backend.check()
    if settings.backend == "auto" and backend.name == "bubblewrap":
        first, why = checks[0], unreachable(host_of(settings.docker_host))
        checks[0] = Check(first.name, first.ok, f"{first.detail} ({why})", first.fix)
    if not all(check.ok for check in checks):
        return checks
    job = Job("probe", "def one(): return 1", "", "one", CheckTests(kind="check", code=PROBE), Limits())
    judge = SlotPool(backend, 1)
    cgroup = ""
    try:
        (row,) = judge.judge([job])
        ok, detail = row.verdict == "passed", row.feedback or str(row.evidence.get("why", "a program was judged"))
        cgroup = str(row.evidence.get("cgroup", ""))
    except SandboxError as error:
        ok, detail = False, str(error).removesuffix(f"; fix: {backend.fix}")
    finally:
        judge.close()
    checks.append(Check("sandbox starts, with user namespaces and seccomp", ok, detail, backend.fix))
    if cgroup:
        checks.append(Check("memory cgroup", True, "none: memory is polled" if cgroup == "none" else cgroup))
    return checks


PROBE = "def check(candidate):\n    assert candidate() == 1\n"
