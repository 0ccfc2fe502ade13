"""The sandbox's settings, and the one place that chooses a backend."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from judge.backends.base import Backend, SandboxCheck
from judge.backends.bubblewrap import Bubblewrap
from judge.backends.docker import Docker
from judge.backends.docker_daemon import find_host, why_unreachable
from judge.backends.packages import find_packages
from judge.confirm import Confirmation
from judge.errors import SandboxError
from judge.isolation import Unreferenced
from judge.pool import SlotPool
from judge.problems import Check
from judge.protocol import Job, Limits, Sandbox
from judge.records import JudgeRecord

PROBE = Check(code="def check(candidate):\n    assert candidate() == 1\n")


class SandboxSettings(JudgeRecord):
    """Backend, limits and packages of the sandbox that programs are judged in."""

    backend: Literal["auto", "docker", "bubblewrap"] = "auto"
    """`auto` takes Docker where a daemon answers, else bubblewrap; where neither works, nothing is run."""
    image: str | None = None
    """For Docker: an image that is already here and has python3, 3.11 or newer. Null needs none: this machine's
    interpreter is bound into an empty one."""
    docker_host: str | None = None
    """The Docker daemon, by its socket on this machine: `unix:///var/run/docker.sock`; null: DOCKER_HOST, else that."""
    jobs: int | None = Field(None, ge=1)
    """Programs at one time; null for twice the number of CPUs, since driver and candidate wait for each other."""
    limits: Limits = Limits()
    """Limits of one program."""
    packages: Path | None = None
    """A folder of packages for the sandbox's own Python, bound read-only: a virtual environment, or a folder that
    `pip install --target` filled. Problems that import numpy or pandas need it."""
    preload: tuple[Annotated[str, Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")], ...] = ()
    """Modules that the fork servers import once, so that no program pays for them: `[numpy, pandas]`."""
    reruns: int = Field(1, ge=0, le=100)
    """Times that a program that passed is run again; one that does not pass every time is `flaky`, and no pass."""
    controls: int = Field(3, ge=0, le=20)
    """Control runs that confirm a pass of a problem that is judged natively (tests and program in one process): the
    same tests with one expected value changed, which an honest program fails. The program is run again as often, and
    not by `reruns`."""
    control_all: bool = False
    """Confirm every pass in this way, also of problems that are judged in separate processes."""
    unreferenced: Unreferenced = "tests"
    """How a problem without a reference is judged: in `separate` processes, `native`, or as its `tests` alone suggest:
    native if they need Python's own meaning of the program's objects and can be controlled."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_shared(cls, values: object) -> object:
        if isinstance(values, dict) and "shared" in values:
            raise ValueError(
                "`shared` is no setting any more: a problem whose reference needs one process with its tests is judged "
                "natively, and confirmed by `controls`; remove the line"
            )
        return values


def open_sandbox(settings: SandboxSettings) -> Sandbox:
    """Open a sandbox over the backend that the settings name; its slots start with their first job.

    Raises:
        SandboxError: no backend is usable; its checks say what to do.
        SandboxSettingError: `packages` is no folder of packages for this Python.
    """
    backend = _choose_backend(settings)
    require_usable(backend)
    confirmation = Confirmation(settings.reruns, settings.controls, settings.control_all, settings.unreferenced)
    return SlotPool(backend, settings.jobs, confirmation)


def require_usable(backend: Backend) -> None:
    """Raise SandboxError if this machine does not meet a need of the backend."""
    failed_checks = [check for check in backend.check() if not check.ok]
    if failed_checks:
        reasons = "; ".join(f"{check.name}: {check.detail}; fix: {check.fix}" for check in failed_checks)
        raise SandboxError(f"no usable sandbox: {reasons}", checks=failed_checks)


def _choose_backend(settings: SandboxSettings) -> Backend:
    name = settings.backend
    if name == "auto":
        name = "bubblewrap" if why_unreachable(find_host(settings.docker_host)) else "docker"
    own_interpreter = name == "bubblewrap" or settings.image is None
    packages = find_packages(settings.packages, settings.preload, own_interpreter)
    if name == "bubblewrap":
        return Bubblewrap(packages=packages)
    return Docker(settings.docker_host, settings.image, settings.limits, packages)


def probe(settings: SandboxSettings | None = None) -> list[SandboxCheck]:
    """Check what a sandbox of these settings needs, then judge one program in it; leave nothing behind.

    Returns:
        One check for each need, with what to do where it fails. A program is judged only if all others are fine.
    """
    settings = settings or SandboxSettings()
    backend = _choose_backend(settings)
    checks = backend.check()
    if settings.backend == "auto" and backend.name == "bubblewrap":
        first, why = checks[0], why_unreachable(find_host(settings.docker_host))
        checks[0] = SandboxCheck(first.name, first.ok, f"{first.detail} ({why})", first.fix)
    if not all(check.ok for check in checks):
        return checks
    job = Job("probe", "def one(): return 1", "", "one", PROBE, Limits())
    cgroup, fix = "", backend.fix
    try:
        with SlotPool(backend, 1) as pool:
            (judged,) = pool.judge([job])
        ok = judged.verdict == "passed"
        detail = judged.feedback or str(judged.evidence.get("why", "a program was judged"))
        cgroup = str(judged.evidence.get("cgroup", ""))
    except SandboxError as error:
        ok, detail, fix = False, error.problem, error.fix
    checks.append(SandboxCheck("sandbox starts, with user namespaces and seccomp", ok, detail, fix))
    if cgroup:
        checks.append(SandboxCheck("memory cgroup", True, "none: memory is polled" if cgroup == "none" else cgroup))
    return checks
