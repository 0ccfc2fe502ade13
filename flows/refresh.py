"""Everything: problems in, a verified debugging data set out. Resumes where the lake says it stopped."""

import time
from collections.abc import Sequence
from typing import Any, Literal, get_args

from prefect import Task, flow
from prefect.runtime import flow_run

from flows.artifacts import AlertSettings, publish
from flows.chains import Chains, Step
from flows.config import RefreshConfig
from flows.report import Report, publish_funnel, report
from flows.runners import started
from storage.catalog import Catalog
from storage.lake import Lake
from storage.locks.claims import working
from tasks.assemble.task import assemble, assemble_preference
from tasks.audit.task import audit
from tasks.diagnose.task import diagnose
from tasks.execute.task import execute
from tasks.generate.task import generate
from tasks.ingest.task import ingest
from tasks.matrix.task import matrix
from tasks.mining.task import mine
from tasks.mutation.task import strength
from tasks.plan import Plan
from tasks.repair.task import mend
from tasks.running import progress
from tasks.running.effects import close_all, model_for
from tasks.running.pending import pending_counts
from tasks.score.task import score
from tasks.timing.task import time_
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
        with working(Lake(config.lake), f"flow run refresh {flow_run.id}") as work:
            with work.alone():
                revision = model_for(config.model).revision
                how = config.lake, config.code, config.mine, config.model, revision, config.write
                found = ingest(config.lake, config.data, mine(*how) if config.code else ())
                plan = config.plan(found.selection_id)
                busy = _busy(plan, found.buckets)
                if busy and JUDGING & set(only) and config.audit != "off":
                    audit(config.lake, config.sandbox, config.audit)
            at_once = config.parallel_buckets
            with started(config.runner if busy else "threads", config.cluster, at_once) as runner:
                Chains(plan, _steps(plan, only), runner, at_once, work).run(busy)
            with work.alone():
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


def _steps(plan: Plan, only: Sequence[Stage]) -> list[Step]:
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
    return [Step(task, more) for stage, task, more in steps if stage in only]
