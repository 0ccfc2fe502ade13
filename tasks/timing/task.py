"""Stage timing: the programs of a bucket's problems that pass every trusted test are timed and compared."""

from typing import cast

from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingTiming
from storage.rows import InputRow, TimingRow
from tasks.running import progress
from tasks.running.effects import sandbox_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.timing.rows import comparison_of
from tasks.timing.session import TimingSession
from tasks.timing.settings import TimingSettings


@stage("timing", "timing-b{order.bucket:03d}")
def timing(order: Order[TimingSettings, SandboxSettings]) -> int:
    """Time the problems of a bucket whose programs have not been compared; return how many rows were written.

    Whole repeats are committed, so that a killed run continues with the next repeat. Scores are written last: a problem
    that has them is finished.
    """
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingTiming)
        problem_ids = [row["problem_id"] for row in pending]
        inputs = cast(list[InputRow], _rows_of_problems(catalog, "inputs", problem_ids))
        timings = cast(list[TimingRow], _rows_of_problems(catalog, "timings", problem_ids))
    progress.expect("timing", len(pending))
    rows_written = 0
    for row in pending:
        comparison = comparison_of(row, order.effect, order.settings)
        own_inputs = {held["input_id"]: held for held in inputs if held["problem_id"] == row["problem_id"]}
        own_timings = [held for held in timings if held["input_id"] in own_inputs]
        session = TimingSession(lake, order.effect, sandbox_for, order.settings, comparison, own_inputs, own_timings)
        rows_written += session.run()
        progress.advance("timing", 1)
    return rows_written


def _rows_of_problems(catalog: Catalog, table: str, problem_ids: list[str]) -> list[dict[str, object]]:
    return catalog.rows(f"from {table} where list_contains($problems, problem_id)", problems=problem_ids)
