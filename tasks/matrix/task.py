"""Stage matrix: every program of a bucket is run on every test that a model wrote for its problem."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import EXECUTIONS
from tasks.matrix.rows import job, suite_id
from tasks.plan import Plan, conditions_id
from tasks.running import progress
from tasks.running.batches import batches
from tasks.running.effects import sandbox_for
from tasks.running.executions import execution
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("matrix", "matrix-b{bucket:03d}")
def matrix(plan: Plan, bucket: int) -> int:
    """Run what a bucket's programs lack of their matrix; returns how many rows were written.

    A row holds the tests that its program had not been run on: later tests add a row, and none is run twice.
    """
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = {row["attempt_id"]: row for row in pending_rows(catalog, plan, "matrix")}
    if not pending:
        return 0
    progress.expect("matrix", len(pending))
    limits = plan.matrix.limits
    sandbox, under = sandbox_for(plan.sandbox), conditions_id(plan, limits)
    suites = {attempt: suite_id(row["lacking"], under) for attempt, row in pending.items()}
    verdicts = sandbox.judge(job(row, limits) for row in pending.values())
    rows = (
        execution(pending[v.job_id], v, suites[v.job_id], "generated", under, sandbox.backend, limits) for v in verdicts
    )
    written = 0
    for batch in batches(rows, plan.write.batch_rows, plan.write.batch_s):
        again = [row for row in batch if row["suite_id"] in pending[row["attempt_id"]]["broken"]]
        written += lake.upsert(EXECUTIONS, again)
        written += lake.append(EXECUTIONS, [row for row in batch if row not in again])
        progress.advance("matrix", len(batch))
    return written
