"""Stage execute: the sandbox judges what a bucket has that is not judged yet."""

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import EXECUTIONS
from tasks.execute.rows import job
from tasks.plan import Plan, conditions_id, suite_id
from tasks.running import progress
from tasks.running.batches import batches
from tasks.running.effects import sandbox_for
from tasks.running.executions import execution
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("execute", "execute-r{round_}-b{bucket:03d}")
def execute(plan: Plan, bucket: int, round_: int | str) -> int:
    """Judge every unjudged program of a bucket, whatever its round; returns how many rows were written.

    `round_` only names the run in Prefect's UI: `references`, or the round whose attempts were just written.
    """
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = {row["attempt_id"]: row for row in pending_rows(catalog, plan, "execute")}
    if not pending:
        return 0
    progress.expect("execute", len(pending))
    sandbox, suite, limits = sandbox_for(plan.sandbox), suite_id(plan), plan.sandbox.limits
    verdicts = sandbox.judge(job(row, limits) for row in pending.values())  # one by one: tests can be large
    under = conditions_id(plan, limits)
    rows = (execution(pending[v.job_id], v, suite, "given", under, sandbox.backend, limits) for v in verdicts)
    written = 0
    for batch in batches(rows, plan.write.batch_rows, plan.write.batch_s):
        written += lake.upsert(EXECUTIONS, [row for row in batch if pending[row["attempt_id"]]["again"]])
        written += lake.append(EXECUTIONS, [row for row in batch if not pending[row["attempt_id"]]["again"]])
        progress.advance("execute", len(batch))
    return written
