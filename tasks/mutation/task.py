"""Stage strength: the tests of a bucket's problems are tried on mutants of their references."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import DROPS, MUTANTS
from tasks.mutation.rows import jobs, judged_row, lacking, without_mutants
from tasks.plan import Plan, suite_id
from tasks.running import progress
from tasks.running.batches import batches
from tasks.running.effects import sandbox_for
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("strength", "strength-b{bucket:03d}")
def strength(plan: Plan, bucket: int) -> int:
    """Judge the mutants that a bucket's problems lack; returns how many rows were written."""
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = pending_rows(catalog, plan, "strength")
    if not pending:
        return 0
    asked = {row["attempt_id"]: lacking(row, plan.strength.mutants) for row in pending}
    mutants = {mutant["mutant_id"]: mutant for made in asked.values() for mutant in made}
    lake.append(DROPS, [without_mutants(row) for row in pending if not row["present"] and not asked[row["attempt_id"]]])
    progress.expect("strength", len(mutants))
    again = {mutant_id for row in pending for mutant_id in row["again"]}
    limits, suite = plan.sandbox.limits, suite_id(plan)
    given = (job for row in pending for job in jobs(row, asked[row["attempt_id"]], limits))
    verdicts = sandbox_for(plan.sandbox).judge(given)
    rows = (judged_row(mutants[v.job_id], v, suite) for v in verdicts)
    written = 0
    for batch in batches(rows, plan.write.batch_rows, plan.write.batch_s):
        written += lake.upsert(MUTANTS, [row for row in batch if row["mutant_id"] in again])
        written += lake.append(MUTANTS, [row for row in batch if row["mutant_id"] not in again])
        progress.advance("strength", len(batch))
    return written
