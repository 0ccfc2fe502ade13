"""Stage score: every scorer of the plan ranks the programs of a bucket's problems."""

from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake
from storage.pending import PendingScore
from storage.tables import RANKINGS, SCORES, TEST_SCORES
from tasks.running import progress
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.score.rows import matrices_of, score_matrices
from tasks.score.settings import ScoreSettings


@stage("score", "score-b{order.bucket:03d}")
def score(order: Order[ScoreSettings, None]) -> int:
    """Score the problems of a bucket whose matrix has changed; return how many problems.

    Rankings are written last: a problem whose ranking names its matrix has all its scores.
    """
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingScore)
        if not pending:
            return 0
        cells = catalog.arrow("from matrix_cells_of($plan)", plan=order.plan_id)
        held_keys = {table: _keys(catalog, table) for table in (SCORES, TEST_SCORES, RANKINGS)}
    progress.expect("score", len(pending))
    rows = score_matrices(matrices_of(pending, cells), order.settings, datetime.now(UTC))
    lake.write(SCORES, rows.scores, held_keys[SCORES])
    lake.write(TEST_SCORES, rows.test_scores, held_keys[TEST_SCORES])
    lake.write(RANKINGS, rows.rankings, held_keys[RANKINGS])
    progress.advance("score", len(pending))
    return len(pending)


def _keys(catalog: Catalog, table: Table) -> set[tuple[object, ...]]:
    rows = catalog.rows(f"select {', '.join(table.key)} from {table.name}")  # noqa: S608 our own names
    return {tuple(row.values()) for row in rows}
