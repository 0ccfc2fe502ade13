"""The stages of one bucket after each other, many buckets at a time: so model and judge both stay busy."""

import inspect
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.artifacts import watched
from storage.catalog import Catalog
from storage.lake import Lake
from storage.locks.claims import Work
from tasks.plan import Plan
from tasks.running import progress
from tasks.running.pending import pending_counts

LOOK_S = 1.0  # how often buckets are looked at that others work on


@dataclass(frozen=True)
class Step:
    """One stage of a chain, and what its task is told beside plan and bucket."""

    task: Task[..., Any]
    more: tuple[int | str, ...]


class Chains:
    """Runs the steps of buckets; each waits for the one before it, and a bucket's failure stops no other bucket.

    A step is handed to the runner when the one before has ended: one that waits would hold a thread, or a process.
    """

    def __init__(self, plan: Plan, steps: Sequence[Step], runner: TaskRunner[Any], at_once: int, work: Work) -> None:
        self._plan, self._steps, self._runner, self._at_once, self._work = plan, steps, runner, at_once, work
        self._ended: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
        self._running: dict[PrefectFuture[Any], tuple[int, int]] = {}
        """Bucket and place of its step."""
        self._errors: list[Exception] = []

    def run(self, buckets: Sequence[int]) -> None:
        """Run the chains of all buckets that others don't work on; returns once nobody has anything left to do there.

        Raises:
            Exception: the first error, when all other buckets are done.
        """
        waiting = deque(buckets if self._steps else ())
        if self._work.shared:  # so that two runs rarely want the same one
            random.shuffle(waiting)
        with watched(len(waiting) * len(self._steps)) as advance:
            while waiting or self._running:
                for _ in range(len(waiting)):
                    if len(self._running) == self._at_once:
                        break
                    bucket = waiting.popleft()
                    if not self._work.take(bucket):
                        waiting.append(bucket)
                    elif self._work.shared and not self._lacks(bucket):  # another has done it meanwhile
                        self._give(bucket, len(self._steps), advance)
                    else:
                        self._submit(bucket, 0, None)
                self._next(LOOK_S if waiting and len(self._running) < self._at_once else None, advance)
        if self._errors:
            raise self._errors[0]

    def _next(self, wait_s: float | None, advance: Callable[[], None]) -> None:
        """Wait for a step to end, and go on with its bucket."""
        if not self._running and wait_s is None:
            return
        try:
            future = self._ended.get(timeout=wait_s)
        except Empty:
            return
        bucket, at = self._running.pop(future)
        advance()
        try:
            rows = future.result()
        except Exception as error:  # noqa: BLE001 whatever it is, raised at the end
            self._errors.append(error)
            self._give(bucket, 0, advance)
            return
        if not isinstance(self._runner, ThreadPoolTaskRunner):  # counters of other processes are not ours
            progress.expect(self._steps[at].task.name, rows)
            progress.advance(self._steps[at].task.name, rows)
        if at + 1 < len(self._steps):
            self._submit(bucket, at + 1, future)
        else:
            self._give(bucket, 0, advance)

    def _submit(self, bucket: int, at: int, after: PrefectFuture[Any] | None) -> None:
        step = self._steps[at]
        told = inspect.signature(step.task.fn).bind(self._plan, bucket, *step.more).arguments
        future = self._runner.submit(step.task, told, [after] if after else None)
        self._running[future] = bucket, at
        future.add_done_callback(self._ended.put)

    def _give(self, bucket: int, skipped: int, advance: Callable[[], None]) -> None:
        self._work.give(bucket)
        for _ in range(skipped):
            advance()

    def _lacks(self, bucket: int) -> bool:
        with Catalog(Lake(self._plan.lake), bucket=bucket) as catalog:
            return any(rows[bucket] for rows in pending_counts(catalog, self._plan).values())
