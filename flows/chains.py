"""Run the stages of one bucket after each other, and many buckets at a time, so that model and judge both stay busy."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.watching.artifacts import show_progress
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.locks.claims import LakeClaims
from tasks.running import progress
from tasks.running.order import Order
from tasks.running.pending import pending_counts

CLAIM_RETRY_S = 1.0  # pause before the next attempt to claim buckets that another run holds


@dataclass(frozen=True)
class Step:
    """One stage of a chain, and the order that its task takes for a bucket."""

    task: Task[..., Any]
    order_of: Callable[[int], Order[Any, Any]]


class Chains:
    """Run the steps of buckets: each step waits for the one before it, and a bucket's failure stops no other bucket.

    A step is submitted when the one before has ended. If all were submitted at once, waiting ones would hold a thread
    or a process.
    """

    def __init__(
        self,
        lake: LakeSettings,
        plan_id: str,
        steps: Sequence[Step],
        runner: TaskRunner[Any],
        at_once: int,
        work: LakeClaims,
    ) -> None:
        self._lake, self._plan_id, self._steps, self._runner = lake, plan_id, steps, runner
        self._at_once, self._work = at_once, work
        self._ended: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
        self._running: dict[PrefectFuture[Any], tuple[int, int]] = {}
        """Bucket and index of the step that each future runs."""
        self._errors: list[Exception] = []

    def run(self, buckets: Sequence[int]) -> None:
        """Run the steps of all buckets; return once no run has pending work in them.

        Raises:
            Exception: the first error, after all other buckets are done.
        """
        waiting = deque(buckets if self._steps else ())
        if self._work.shared:
            random.shuffle(waiting)  # so that two runs rarely claim the same bucket
        with show_progress(len(waiting) * len(self._steps)) as advance:
            while waiting or self._running:
                for _ in range(len(waiting)):
                    if len(self._running) == self._at_once:
                        break
                    bucket = waiting.popleft()
                    if not self._work.claim_bucket(bucket):
                        waiting.append(bucket)
                    elif self._work.shared and not self._has_pending_rows(bucket):  # another run has finished it
                        self._release_bucket(bucket, len(self._steps), advance)
                    else:
                        self._submit(bucket, 0, None)
                retry_s = CLAIM_RETRY_S if waiting and len(self._running) < self._at_once else None
                self._await_step(retry_s, advance)
        if self._errors:
            raise self._errors[0]

    def _await_step(self, timeout_s: float | None, advance: Callable[[], None]) -> None:
        """Wait for a step to end, and submit the next one of its bucket."""
        if not self._running and timeout_s is None:
            return
        try:
            future = self._ended.get(timeout=timeout_s)
        except Empty:
            return
        bucket, index = self._running.pop(future)
        advance()
        try:
            rows = future.result()
        except Exception as error:  # noqa: BLE001 any error is kept and raised at the end
            self._errors.append(error)
            self._release_bucket(bucket, 0, advance)
            return
        if not isinstance(
            self._runner, ThreadPoolTaskRunner
        ):  # the progress counters of other processes are not shared
            progress.expect(self._steps[index].task.name, rows)
            progress.advance(self._steps[index].task.name, rows)
        if index + 1 < len(self._steps):
            self._submit(bucket, index + 1, future)
        else:
            self._release_bucket(bucket, 0, advance)

    def _submit(self, bucket: int, index: int, after: PrefectFuture[Any] | None) -> None:
        step = self._steps[index]
        future = self._runner.submit(step.task, {"order": step.order_of(bucket)}, [after] if after else None)
        self._running[future] = bucket, index
        future.add_done_callback(self._ended.put)

    def _release_bucket(self, bucket: int, skipped_steps: int, advance: Callable[[], None]) -> None:
        self._work.release_bucket(bucket)
        for _ in range(skipped_steps):
            advance()

    def _has_pending_rows(self, bucket: int) -> bool:
        with Catalog(Lake(self._lake), bucket=bucket) as catalog:
            return any(rows[bucket] for rows in pending_counts(catalog, self._plan_id).values())
