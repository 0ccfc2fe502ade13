"""Stage matrix: the judge runs every program of a bucket on every generated test of its problem."""

from datetime import UTC, datetime

from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingMatrix
from storage.rows import ExecutionRow
from storage.tables import EXECUTIONS
from tasks.matrix.rows import generated_suite_id, job_of
from tasks.matrix.settings import MatrixSettings
from tasks.running.conditions import conditions_id
from tasks.running.effects import sandbox_for
from tasks.running.executions import execution_row
from tasks.running.judging import judge_jobs
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("matrix", "matrix-b{order.bucket:03d}")
def matrix(order: Order[MatrixSettings, SandboxSettings]) -> int:
    """Run every program of a bucket on the generated tests that it lacks; return how many rows were written.

    A row holds the tests that its program had not been run on. Later tests add a row, and no test is run twice.
    """
    lake, judge, limits = Lake(order.lake), order.effect, order.settings.limits
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = {row["attempt_id"]: row for row in pending_rows(catalog, order.plan_id, PendingMatrix)}
    if not pending:
        return 0
    conditions, backend = conditions_id(judge, limits), sandbox_for(judge).backend
    suites = {attempt: generated_suite_id(row["untried_tests"], conditions) for attempt, row in pending.items()}

    def row_of(judged: Judged) -> ExecutionRow:
        attempt, now = judged.job_id, datetime.now(UTC)
        return execution_row(pending[attempt], judged, suites[attempt], "generated", conditions, backend, limits, now)

    jobs = (job_of(row, limits) for row in pending.values())
    replaced = {
        (attempt, suites[attempt], JUDGE_VERSION)
        for attempt, row in pending.items()
        if suites[attempt] in row["broken_suites"]
    }
    return judge_jobs(lake, judge, jobs, len(pending), EXECUTIONS, row_of, "matrix", replaced)
