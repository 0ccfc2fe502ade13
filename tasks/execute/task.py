"""Stage execute: the judge runs the programs of a bucket that lack a verdict."""

from collections.abc import Sequence
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
    """Judge every program of a bucket that lacks a verdict, whatever its round; return how many rows were written.

    References come first: each says how the other programs of its problem are judged.
    """
    pending = _read_pending(order)
    references = [row for row in pending if row["is_reference"]]
    if not references:
        return _judge(order, pending)
    written = _judge(order, references)
    return written + _judge(order, [row for row in _read_pending(order) if not row["is_reference"]])


def _read_pending(order: Order[None, SandboxSettings]) -> list[PendingExecute]:
    with Catalog(Lake(order.lake), bucket=order.bucket) as catalog:
        return pending_rows(catalog, order.plan_id, PendingExecute)


def _judge(order: Order[None, SandboxSettings], rows: Sequence[PendingExecute]) -> int:
    lake, judge = Lake(order.lake), order.effect
    pending = {row["attempt_id"]: row for row in rows}
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
