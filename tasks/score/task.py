"""Stage score: every wanted scorer says of a bucket's programs which are the better ones."""

from collections.abc import Sequence

from storage.catalog import Catalog, statement
from storage.columns import Table
from storage.lake import Lake, Row
from storage.tables import RANKINGS, SCORES, TEST_SCORES
from tasks.plan import Plan, values
from tasks.running import progress
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.score.rows import matrices, scored


@stage("score", "score-b{bucket:03d}")
def score(plan: Plan, bucket: int) -> int:
    """Score the problems of a bucket whose matrix has changed; returns how many problems.

    Rankings come last: a problem whose ranking names its matrix has all its scores.
    """
    lake = Lake(plan.lake)
    with Catalog(lake, bucket=bucket) as catalog:
        pending = pending_rows(catalog, plan, "score")
        if not pending:
            return 0
        cells = catalog.arrow(statement("matrix_cells"), **values(plan))
        progress.expect("score", len(pending))
        rows = scored(matrices(pending, cells), plan.score)
        parts = ((SCORES, rows.scores), (TEST_SCORES, rows.test_scores), (RANKINGS, rows.rankings))
        new = [(table, *_split(catalog, table, made)) for table, made in parts]
    for table, fresh, changed in new:
        lake.upsert(table, changed)
        lake.append(table, fresh)
    progress.advance("score", len(pending))
    return len(pending)


def _split(catalog: Catalog, table: Table, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows whose key the lake does not hold yet, and those that take the place of one."""
    held = {tuple(row.values()) for row in catalog.rows(f"select {', '.join(table.key)} from {table.name}")}  # noqa: S608
    fresh = [row for row in rows if tuple(row[key] for key in table.key) not in held]
    return fresh, [row for row in rows if tuple(row[key] for key in table.key) in held]
