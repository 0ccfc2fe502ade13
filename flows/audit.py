"""The audit of the sandbox alone: what every refresh does first, to be scheduled before the nightly one."""

from typing import Literal

from prefect import flow

from judge.factory import SandboxSettings
from storage.lake import LakeSettings
from tasks.audit.task import audit as try_sandbox
from tasks.running import progress
from tasks.running.effects import close_all


@flow(name="audit", flow_run_name="audit {lake.path}", persist_result=False)
def audit(lake: LakeSettings, sandbox: SandboxSettings, extent: Literal["full", "sample"] = "full") -> int:
    """Try the sandbox with what it has not been tried with on this machine; returns how many programs.

    Kernel, Python, packages and the judge's version are part of what the lake remembers: any of them changed, all is
    tried again. A wrong verdict fails the run (AuditError), and so will every refresh until it is mended.

    Args:
        lake: where the verdicts are kept.
        sandbox: the sandbox as the refresh uses it.
        extent: the whole table of attacks, or a sample of every class.
    """
    progress.reset()
    try:
        return try_sandbox(lake, sandbox, extent)
    finally:
        close_all()
