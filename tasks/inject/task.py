"""Stage inject: put bugs into the right programs of a bucket; the stage execute judges them."""

from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingInject
from storage.rows import BugRow, DropRow
from storage.tables import BUGS, DROPS
from tasks.inject.rows import bug_rows, drop_exhausted
from tasks.inject.settings import InjectSettings
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("inject", "inject-b{order.bucket:03d}")
def inject(order: Order[InjectSettings, None]) -> int:
    """Write the bugs that a bucket's right programs lack; return how many rows were written."""
    lake, now = Lake(order.lake), datetime.now(UTC)
    with Catalog(lake, bucket=order.bucket) as catalog:
        programs = pending_rows(catalog, order.plan_id, PendingInject)
    rows: list[BugRow] = []
    drops: list[DropRow] = []
    for program in programs:
        new = list(bug_rows(program, order.settings.bugs, now))
        rows += new
        if len(new) < program["missing"]:
            drops.append(drop_exhausted(program, len(program["present"]) + len(new)))
    lake.append(BUGS, rows)
    lake.append(DROPS, drops)
    return len(rows)
