"""Stage audit: before the sandbox judges anything, it must get the whole table of attacks right, once per machine."""

import os
from typing import Literal

from judge.audit import audit as tried
from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.tables import AUDITS
from tasks.audit.rows import audit_id, chosen, environment, kept, refuse
from tasks.running import progress
from tasks.running.effects import sandbox_for
from tasks.running.stage import stage

Extent = Literal["full", "sample", "off"]


@stage("audit", "audit")
def audit(lake: LakeSettings, settings: SandboxSettings, extent: Extent) -> int:
    """Try what this sandbox on this machine has not been tried with, or got wrong; returns how many programs.

    Raises:
        AuditError: some program got a wrong verdict, or left something behind.
    """
    settings = settings.model_copy(update={"shared": False})  # what is flagged is believed by nobody
    sandbox, where, opened = sandbox_for(settings), environment(settings), Lake(lake)
    with Catalog(opened) as catalog:
        fine = {row["audit_id"] for row in catalog.rows("select audit_id from audits where ok")}
    pending = [attack for attack in chosen(extent) if audit_id(attack, sandbox.backend, where) not in fine]
    if not pending:
        return 0
    progress.expect("audit", len(pending))
    rows = []
    for row in tried(sandbox, pending, settings.jobs or len(os.sched_getaffinity(0))):
        rows.append(row)
        progress.advance("audit", 1)
    opened.upsert(AUDITS, [kept(row, where) for row in rows])
    if wrong := [row for row in rows if not row.ok]:
        raise refuse(wrong, len(rows), sandbox.backend)
    return len(rows)
