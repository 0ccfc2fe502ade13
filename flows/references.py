"""Settle which of several solutions is the reference of a problem: the first that passes its tests."""

from collections.abc import Sequence

from flows.config import RefreshConfig
from tasks.execute.task import execute
from tasks.ingest.references import Candidates
from tasks.ingest.task import propose_references
from tasks.running.order import Order


def settle_references(config: RefreshConfig, plan_id: str, candidates: Candidates, buckets: Sequence[int]) -> None:
    """Judge the candidates of each problem one after another, until one has passed or all have failed.

    Verdicts are rows of the lake, so a run that was killed goes on with the next candidate.

    Args:
        buckets: where a proposed reference awaits its verdict, as `propose_references` returned them last.
    """
    for _ in range(max(map(len, candidates.values()), default=0)):
        if not buckets:
            return
        for bucket in buckets:
            execute(Order(config.lake, plan_id, bucket, None, config.sandbox))
        buckets = propose_references(config.lake, plan_id, candidates)
