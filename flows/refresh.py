"""Everything: problems in, a verified debugging data set out. Resumes where the lake says it stopped."""

from collections.abc import Sequence
from typing import Any, Literal

from prefect import Task, flow
from prefect.futures import PrefectFuture, as_completed

from flows.config import RefreshConfig
from flows.report import Report, publish_funnel, report, show_progress
from storage.catalog import Catalog
from storage.lake import Lake
from tasks import progress
from tasks.assemble.task import assemble
from tasks.diagnose.task import diagnose
from tasks.effects import close_all
from tasks.execute.task import execute
from tasks.generate.task import generate
from tasks.ingest.task import ingest
from tasks.pending import pending
from tasks.plan import Plan
from tasks.repair.task import mend

Stage = Literal["generate", "execute", "diagnose", "repair", "assemble"]
STAGES: tuple[Stage, ...] = ("generate", "execute", "diagnose", "repair", "assemble")


@flow(name="refresh", flow_run_name="refresh {config.lake.path}", persist_result=False)
def refresh(config: RefreshConfig, only: tuple[Stage, ...] = STAGES) -> Report:
    """Ingest, then per bucket generate -> execute -> (diagnose -> repair -> execute) x rounds, then assemble.

    Args:
        config: what `patchmill run` reads from configs/refresh/NAME.yaml.
        only: stages to run; problems are always ingested, since they say what the others work on.
    """
    progress.reset()
    try:
        config.check()
        found = ingest(config.lake, config.sources)
        plan = config.plan(found.selection_id)
        chains = [step for bucket in _busy(plan, found.buckets) for step in _chain(plan, bucket, only)]
        _wait(chains)
        if "assemble" in only:
            assemble(config.lake, config.assemble)
        made = report(plan, found)
        publish_funnel(made)
        return made
    finally:
        close_all()


def _busy(plan: Plan, buckets: Sequence[int]) -> list[int]:
    """Buckets with anything to do: where no stage has pending rows, none can come up either."""
    with Catalog(Lake(plan.lake)) as catalog:
        counts = pending(catalog, plan)
    return [bucket for bucket in buckets if any(rows[bucket] for rows in counts.values())]


def _chain(plan: Plan, bucket: int, only: Sequence[Stage]) -> list[PrefectFuture[Any]]:
    """The stages of one bucket, each waiting for the one before; buckets overlap, so model and judge both stay busy."""
    steps: list[tuple[Stage, Task[..., Any], tuple[int | str, ...]]] = [
        ("execute", execute, ("references",)),
        ("generate", generate, ()),
        ("execute", execute, (0,)),
    ]
    for round_ in range(1, plan.repair.rounds + 1):
        if plan.repair.chain != "direct":
            steps.append(("diagnose", diagnose, (round_,)))
        steps += [("repair", mend, (round_,)), ("execute", execute, (round_,))]
    futures: list[PrefectFuture[Any]] = []
    for stage, task, more in steps:
        if stage in only:
            futures.append(task.submit(plan, bucket, *more, wait_for=futures[-1:]))
    return futures


def _wait(futures: Sequence[PrefectFuture[Any]]) -> None:
    """Wait for all chains, showing progress; then raise the first error, so that one bucket's fault stops no other."""
    with show_progress(len(futures)) as advance:
        for _ in as_completed(list(futures)):
            advance()
    for future in futures:
        future.result()
