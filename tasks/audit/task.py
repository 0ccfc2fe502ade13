"""Stage audit: a sandbox judges nothing before it has withstood every attack on this machine."""

from datetime import UTC, datetime
from typing import Literal

from judge.audit import audit as run_attacks
from judge.cpus import available_cpus
from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import AUDITS
from tasks.audit.rows import audit_id, audit_row, describe_environment, explain_failure, select_attacks
from tasks.running import progress
from tasks.running.effects import sandbox_for
from tasks.running.stage import stage

Extent = Literal["full", "sample", "off"]
"""Attacks that a run tries: the whole table, a few of every class, or none."""


@stage("audit", "audit")
def audit(settings: LakeSettings, sandbox_settings: SandboxSettings, extent: Extent) -> int:
    """Run every attack that this sandbox has not withstood on this machine yet; return how many were run.

    Raises:
        AuditError: a program got a wrong verdict, or left something behind.
    """
    # A pass in one process with its tests is flagged anyway, so it must not decide an attack.
    sandbox, environment, lake = sandbox_for(sandbox_settings), describe_environment(sandbox_settings), Lake(settings)
    with Catalog(lake) as catalog:
        withstood_ids = {row["audit_id"] for row in catalog.rows("select audit_id from audits where ok")}
    pending = [
        attack
        for attack in select_attacks(extent)
        if audit_id(attack, sandbox.backend, environment) not in withstood_ids
    ]
    if not pending:
        return 0
    progress.expect("audit", len(pending))
    results = []
    for result in run_attacks(sandbox, pending, sandbox_settings.jobs or available_cpus()):
        results.append(result)
        progress.advance("audit", 1)
    now = datetime.now(UTC)
    lake.upsert(AUDITS, [audit_row(result, environment, now) for result in results])
    if wrong := [result for result in results if not result.ok]:
        raise explain_failure(wrong, len(results), sandbox.backend)
    return len(results)
