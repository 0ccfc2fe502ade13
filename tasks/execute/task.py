"""Stage execute: the judge runs the programs of a bucket that lack a verdict."""

from datetime import UTC, datetime

from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingExecute
from storage.rows import ExecutionRow
from storage.tables import EXECUTIONS
from tasks.execute.rows import job_of, limits_of
from tasks.running.conditions import conditions_id, suite_id
from tasks.running.effects import sandbox_for
from tasks.running.executions import execution_row
from tasks.running.judging import judge_jobs
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("execute", "execute-r{order.round}-b{order.bucket:03d}")
def execute(order: Order[None, SandboxSettings]) -> int:
    """Judge every program of a bucket that lacks a verdict, whatever its round; return how many rows were written."""
    lake, judge = Lake(order.lake), order.effect
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = {row["attempt_id"]: row for row in pending_rows(catalog, order.plan_id, PendingExecute)}
    if not pending:
        return 0
    conditions, suite, backend = conditions_id(judge, judge.limits), suite_id(judge), sandbox_for(judge).backend

    def row_of(judged: Judged) -> ExecutionRow:
        program = pending[judged.job_id]
        now = datetime.now(UTC)
        return execution_row(
            program, judged, suite, "given", conditions, backend, limits_of(program, judge.limits), now
        )

    jobs = (job_of(row, judge.limits) for row in pending.values())
    replaced = {(row["attempt_id"], suite, JUDGE_VERSION) for row in pending.values() if row["replaces"]}
    return judge_jobs(lake, judge, jobs, len(pending), EXECUTIONS, row_of, "execute", replaced)
