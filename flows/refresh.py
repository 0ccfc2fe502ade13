"""Everything: problems in, a verified debugging data set out. Resumes where the lake says it stopped."""

import time
from collections import deque
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any, Literal, get_args

from prefect import Task, flow
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run

from flows.artifacts import AlertSettings, publish, watched
from flows.config import RefreshConfig
from flows.report import Report, publish_funnel, report
from storage.catalog import Catalog
from storage.lake import Lake
from tasks import progress
from tasks.assemble.task import assemble, assemble_preference
from tasks.audit.task import audit
from tasks.diagnose.task import diagnose
from tasks.effects import close_all, model_for
from tasks.execute.task import execute
from tasks.generate.task import generate
from tasks.ingest.task import ingest
from tasks.matrix.task import matrix
from tasks.mine.task import mine
from tasks.pending import pending_counts
from tasks.plan import Plan
from tasks.repair.task import mend
from tasks.score.task import score
from tasks.strength.task import strength
from tasks.time.task import time_
from tasks.write_tests.task import write_tests

Stage = Literal[
    "ingest",
    "generate",
    "write_tests",
    "execute",
    "diagnose",
    "repair",
    "matrix",
    "score",
    "time",
    "strength",
    "assemble",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
JUDGING: frozenset[Stage] = frozenset({"execute", "matrix", "time", "strength"})


@flow(name="refresh", flow_run_name="refresh {config.lake.path}", persist_result=False)
def refresh(config: RefreshConfig, only: tuple[Stage, ...] = STAGES) -> Report:
    """Ingest, then the stages of every bucket in the order of _steps, then assemble.

    Args:
        config: what `patchmill run` reads from configs/refresh/NAME.yaml.
        only: stages to run; problems are always ingested, since they say what the others work on.
    """
    began = time.monotonic()
    progress.reset()
    try:
        config.check()
        with Lake(config.lake).alone(f"flow run refresh {flow_run.id}"):
            revision = model_for(config.model).revision
            mined = (
                mine(config.lake, config.code, config.mine, config.model, revision, config.write) if config.code else ()
            )
            found = ingest(config.lake, config.data, mined)
            plan = config.plan(found.selection_id)
            busy = _busy(plan, found.buckets)
            if busy and JUDGING & set(only) and config.audit != "off":
                audit(config.lake, config.sandbox, config.audit)
            _run_chains(plan, busy, only, config.parallel_buckets)
            if "assemble" in only and "debugging" in config.products:
                assemble(config.lake, config.assemble)
            if "assemble" in only and "preference" in config.products:
                assemble_preference(config.lake, config.pairs)
        made = report(plan, found)
        publish_funnel(made)
        publish(made, AlertSettings(), time.monotonic() - began)
        return made
    finally:
        close_all()


def _busy(plan: Plan, buckets: Sequence[int]) -> list[int]:
    """Buckets with anything to do: where no stage has pending rows, none can come up either."""
    with Catalog(Lake(plan.lake)) as catalog:
        counts = pending_counts(catalog, plan)
    return [bucket for bucket in buckets if any(rows[bucket] for rows in counts.values())]


def _run_chains(plan: Plan, buckets: Sequence[int], only: Sequence[Stage], at_once: int) -> None:
    """Run the chains of all buckets, `at_once` at a time; then raise the first error, so that no bucket stops another.

    A waiting Prefect task holds a thread, so chains are submitted as others finish and not all at the start.
    """
    waiting, every = deque(buckets), list[PrefectFuture[Any]]()
    finished: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
    last: set[PrefectFuture[Any]] = set()
    with watched(len(waiting) * len(_steps(plan, only))) as advance:
        while waiting or last:
            while waiting and len(last) < at_once and (chain := _chain(plan, waiting.popleft(), only)):
                for future in chain:
                    future.add_done_callback(finished.put)
                every += chain
                last.add(chain[-1])
            if last:
                last.discard(finished.get())
                advance()
    for future in every:
        future.result()


def _steps(plan: Plan, only: Sequence[Stage]) -> list[tuple[Task[..., Any], tuple[int | str, ...]]]:
    """The stages of one bucket in order, with what they are told beside plan and bucket."""
    steps: list[tuple[Stage, Task[..., Any], tuple[int | str, ...]]] = [
        ("execute", execute, ("references",)),
        ("generate", generate, ()),
    ]
    if "preference" in plan.products:
        steps.append(("write_tests", write_tests, ()))
    steps.append(("execute", execute, (0,)))
    if "debugging" in plan.products:
        for round_ in range(1, plan.repair.rounds + 1):
            if plan.repair.chain != "direct":
                steps.append(("diagnose", diagnose, (round_,)))
            steps += [("repair", mend, (round_,)), ("execute", execute, (round_,))]
    # What needs no model comes last, so that no model waits for it.
    if "preference" in plan.products:
        steps += [("matrix", matrix, ()), ("score", score, ()), ("time", time_, ())]
    if plan.strength.mutants:
        steps.append(("strength", strength, ()))
    return [(task, more) for stage, task, more in steps if stage in only]


def _chain(plan: Plan, bucket: int, only: Sequence[Stage]) -> list[PrefectFuture[Any]]:
    """Each stage waits for the one before it; buckets overlap, so that model and judge both stay busy."""
    futures: list[PrefectFuture[Any]] = []
    for task, more in _steps(plan, only):
        futures.append(task.submit(plan, bucket, *more, wait_for=futures[-1:]))
    return futures
