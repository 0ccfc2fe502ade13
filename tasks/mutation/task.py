"""Stage mutation: the tests of a bucket's problems are tried on mutants of their references."""

from datetime import UTC, datetime

from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION, Judged
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingMutation
from storage.rows import MutantRow
from storage.tables import DROPS, MUTANTS
from tasks.mutation.rows import drop_without_mutants, jobs_of, mutant_row, pending_mutants
from tasks.mutation.settings import MutationSettings
from tasks.running.conditions import suite_id
from tasks.running.judging import judge_jobs
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage


@stage("mutation", "mutation-b{order.bucket:03d}")
def mutation(order: Order[MutationSettings, SandboxSettings]) -> int:
    """Judge the mutants that a bucket's references lack; return how many rows were written."""
    lake, judge = Lake(order.lake), order.effect
    with Catalog(lake, bucket=order.bucket) as catalog:
        references = pending_rows(catalog, order.plan_id, PendingMutation)
    if not references:
        return 0
    by_reference = [(row, pending_mutants(row, order.settings.mutants)) for row in references]
    lake.append(
        DROPS, [drop_without_mutants(row) for row, pending in by_reference if not pending and not row["present"]]
    )
    mutants = {mutant.mutant_id: mutant for _, pending in by_reference for mutant in pending}
    suite = suite_id(judge)

    def row_of(judged: Judged) -> MutantRow:
        return mutant_row(mutants[judged.job_id], judged, suite, datetime.now(UTC))

    jobs = (job for row, pending in by_reference for job in jobs_of(row, pending, judge.limits))
    replaced = {(mutant_id, suite, JUDGE_VERSION) for row in references for mutant_id in row["broken"]}
    return judge_jobs(lake, judge, jobs, len(mutants), MUTANTS, row_of, "mutation", replaced)
