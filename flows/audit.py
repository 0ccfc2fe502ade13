"""The flow audit: run only the audit of the sandbox that starts every refresh.

It is scheduled before the nightly refresh, so that a broken sandbox is noticed in time.
"""

from typing import Literal

from prefect import flow

from judge.factory import SandboxSettings
from storage.lake import LakeSettings
from tasks.audit.task import audit as audit_sandbox
from tasks.running import progress
from tasks.running.effects import close_all


@flow(name="audit", flow_run_name="audit {lake.path}", persist_result=False)
def audit(lake: LakeSettings, sandbox: SandboxSettings, extent: Literal["full", "sample"] = "full") -> int:
    """Run the attacks that this machine's sandbox has not passed yet; return the number of programs run.

    The lake records each verdict with kernel, Python, packages and the judge's version. A change of any of them makes
    every attack run again.

    Args:
        lake: the lake that stores the verdicts.
        sandbox: settings of the sandbox, as the refresh uses it.
        extent: the whole table of attacks, or a sample of every class.

    Raises:
        AuditError: a verdict is wrong. Every refresh fails in the same way until the sandbox is repaired.
    """
    progress.reset()
    try:
        return audit_sandbox(lake, sandbox, extent)
    finally:
        close_all()
