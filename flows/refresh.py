"""The flow refresh: problems in, verified datasets out. It resumes from what the lake holds.

In the order of work:

- `mining` and `ingest` bring problems in, and return the selection that the run works on;
- `flows.plan` writes the plan of the run as a row of `plans`;
- `audit` runs attacks against the sandbox before it judges anything;
- `Chains` runs the stages of every bucket (`steps_of`);
- `assemble_debugging` and `assemble_preference` build the datasets;
- `flows.watching` reports progress and results to Prefect and the caller.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import Task, flow
from prefect.runtime import flow_run

from flows.chains import Chains, Step
from flows.config import RefreshConfig
from flows.plan import check_templates, make_plan, write_plan
from flows.references import settle_references
from flows.runners import sandbox_of_worker, start_runner
from flows.watching.artifacts import publish_artifacts
from flows.watching.report import Report, UnansweredError, make_report
from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake
from storage.locks.claims import claim_lake
from storage.rows import PlanRow
from tasks.assemble.task import assemble_debugging, assemble_preference
from tasks.audit.task import audit
from tasks.diagnose.task import diagnose
from tasks.execute.task import execute
from tasks.generate.task import generate
from tasks.ingest.task import ingest, propose_references
from tasks.inject.task import inject
from tasks.matrix.task import matrix
from tasks.mining.task import mining
from tasks.models.probe import check_reachable
from tasks.models.settings import ModelSettings
from tasks.mutation.task import mutation
from tasks.repair.task import repair
from tasks.running import progress
from tasks.running.effects import close_all, model_for
from tasks.running.order import Order
from tasks.running.pending import pending_counts, stage_names
from tasks.score.rankers import SCORERS
from tasks.score.task import score
from tasks.timing.measure import EFFICIENCY
from tasks.timing.task import timing
from tasks.write_tests.task import write_tests

STAGES: tuple[str, ...] = ("ingest", *stage_names(), "assemble")
Effect = ModelSettings | SandboxSettings | None
JUDGING = frozenset({"execute", "matrix", "timing", "mutation"})


@flow(name="refresh", flow_run_name="refresh {config.lake.path}", persist_result=False)
def refresh(config: RefreshConfig, only: tuple[str, ...] = STAGES) -> Report:
    """Bring a lake up to date with a config; return a report of what the lake holds for it.

    Args:
        config: the config, as `patchmill run` reads it from configs/refresh/NAME.yaml.
        only: stages to run. Problems are always ingested, because every other stage needs their selection.

    Raises:
        ConfigError: a setting is wrong, or `only` names an unknown stage; nothing was written.
        ModelError: a model's server can't be reached.
        UnansweredError: all is written, but models left more unanswered than `max_failed` allows.
    """
    began = time.monotonic()
    progress.reset()
    try:
        if unknown := set(only) - set(STAGES):
            raise ConfigError(f"only: unknown stage {min(unknown)!r}; expected some of {', '.join(STAGES)}")
        config.check_before_run()
        check_templates(config)
        with claim_lake(Lake(config.lake), f"flow run refresh {flow_run.id}") as work:
            with work.hold_exclusively():
                problem_ids: tuple[str, ...] = ()
                if config.code:
                    revision = model_for(config.model).revision
                    problem_ids = mining(config.lake, config.code, config.mining, config.model, revision)
                ingested = ingest(config.lake, config.data, problem_ids)
                plan = make_plan(config, ingested.selection_id, datetime.now(UTC))
                write_plan(Lake(config.lake), plan)
                unsettled: tuple[int, ...] = ()
                if ingested.candidates and "execute" in only:
                    unsettled = propose_references(config.lake, plan["plan_id"], ingested.candidates)
                busy, stages = _find_work(config, plan, ingested.buckets)
                check_reachable(model for model, askers in config.askers if askers & stages & set(only))
                if busy and JUDGING & set(only) and config.audit != "off":
                    audit(config.lake, config.sandbox, config.audit)
                settle_references(config, plan["plan_id"], ingested.candidates, unsettled)
            steps = [step for step in steps_of(config, plan["plan_id"]) if step.task.name in only]
            at_once = config.parallel_buckets
            with start_runner(config.runner if busy else "threads", config.cluster, at_once) as runner:
                Chains(config.lake, plan["plan_id"], steps, runner, at_once, work).run(busy)
            with work.hold_exclusively():
                if "assemble" in only and "debugging" in config.products:
                    assemble_debugging(config.lake, config.assemble)
                if "assemble" in only and "preference" in config.products:
                    assemble_preference(config.lake, config.pairs, SCORERS[config.pairs.scorer], EFFICIENCY)
        report = make_report(config, plan, ingested.drops)
        publish_artifacts(report, config.alerts, time.monotonic() - began)
        if report.fault:
            raise UnansweredError(report.fault, report)
        return report
    finally:
        close_all()


def _find_work(config: RefreshConfig, plan: PlanRow, buckets: Sequence[int]) -> tuple[list[int], set[str]]:
    """Return the buckets and the stages with pending work: where no stage has pending rows, no stage can get any."""
    with Catalog(Lake(config.lake)) as catalog:
        counts = pending_counts(catalog, plan["plan_id"])
    busy = [bucket for bucket in buckets if any(rows[bucket] for rows in counts.values())]
    return busy, {stage for stage, rows in counts.items() if any(rows[bucket] for bucket in buckets)}


def steps_of(config: RefreshConfig, plan_id: str) -> list[Step]:
    """Return the stages of one bucket in order, each with the order that its task takes."""
    judge = sandbox_of_worker(config.sandbox, config.runner, config.cluster, config.parallel_buckets)
    steps: list[Step] = []

    def add(
        task: Task[..., Any], settings: object, effect: ModelSettings | SandboxSettings | None, round_: int = 0
    ) -> None:
        steps.append(Step(task, lambda bucket: Order(config.lake, plan_id, bucket, settings, effect, round_)))

    add(execute.with_options(task_run_name="execute-references-b{order.bucket:03d}"), None, judge)
    add(generate, config.generate, config.model)
    if "preference" in config.products:
        add(write_tests, config.write_tests, config.model)
    add(execute, None, judge)
    if "debugging" in config.products:
        if config.inject.bugs:
            add(inject, config.inject, None)
        for round_ in range(1, config.repair.rounds + 1):
            if config.diagnose_in_chain:
                add(diagnose, config.diagnose_in_chain, config.explains_and_repairs, round_)
            add(repair, config.repair_in_chain, config.explains_and_repairs, round_)
            add(execute, None, judge, round_)
        if config.inject.bugs and not config.repair.rounds:
            add(execute, None, judge)
    # Stages that need no model come last, so that no model waits for them.
    if "preference" in config.products:
        add(matrix, config.matrix, judge)
        add(score, config.score, None)
        add(timing, config.timing, judge)
    if config.mutation.mutants:
        add(mutation, config.mutation, judge)
    return steps
