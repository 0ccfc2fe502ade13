"""Settings of the sandbox, and the one place that chooses a backend."""

from typing import Literal

from pydantic import Field

from storage.errors import SandboxError
from storage.problems import Check as CheckTests
from storage.settings import Settings
from tasks.sandbox.backends.base import Check
from tasks.sandbox.backends.bubblewrap import Bubblewrap
from tasks.sandbox.cgroup import Cgroup
from tasks.sandbox.judge import Judge
from tasks.sandbox.protocol import Job, Limits, Sandbox


class SandboxSettings(Settings):
    """How programs are kept from doing harm, and how much each may use."""

    backend: Literal["auto", "bubblewrap"] = "auto"
    """`auto` takes the first that works; where none does, nothing is run."""
    jobs: int | None = Field(None, ge=1)
    """Programs at one time; null for the number of cores."""
    limits: Limits = Limits.model_validate({})
    """What one program may use."""


def open_sandbox(settings: SandboxSettings) -> Sandbox:
    """A judge over the backend asked for.

    Raises:
        SandboxError: no backend is usable; the message holds the command that mends it.
    """
    backend = Bubblewrap()
    faults = [check for check in backend.check() if not check.ok]
    if faults:
        raise SandboxError("no usable sandbox: " + "; ".join(f"{c.name}: {c.detail}; fix: {c.fix}" for c in faults))
    return Judge(backend, settings.jobs)


def probe() -> list[Check]:
    """What `doctor` shows: each check, and what to do where it fails. Starts one sandbox, leaves nothing behind."""
    backend = Bubblewrap()
    checks = backend.check()
    if not all(check.ok for check in checks):
        return checks
    job = Job("probe", "def one(): return 1", "", "one", CheckTests(kind="check", code=PROBE), Limits())
    judge = Judge(backend, 1)
    try:
        (row,) = judge.judge([job])
        ok, detail = row.verdict == "passed", row.feedback or str(row.evidence.get("why", "a program was judged"))
    except SandboxError as error:
        ok, detail = False, str(error)
    finally:
        judge.close()
    fix = "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, or run where they are allowed"
    checks.append(Check("sandbox starts, with user namespaces and seccomp", ok, detail, fix))
    group = Cgroup()
    mode = group.mode
    group.remove()
    checks.append(Check("memory cgroup", True, "none: memory is polled" if mode == "none" else mode))
    return checks


PROBE = "def check(candidate):\n    assert candidate() == 1\n"
