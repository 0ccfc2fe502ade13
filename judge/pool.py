"""The judge: slots shared by all callers, one program per slot at a time, our own hiccups retried on a fresh slot."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import LifoQueue, SimpleQueue

from judge import plan, verdicts
from judge.backends.base import Backend
from judge.compare import same_output
from judge.each import judged_each
from judge.feedback import feedback
from judge.outcome import Outcome
from judge.problems import Stdio
from judge.protocol import Job, Judged, TestResult
from judge.server import ServerGoneError
from judge.slot import Slot

RETRIES = 2


class SlotPool:
    """Sandbox over a backend; see protocol.Sandbox. Slots start when they are first needed."""

    def __init__(self, backend: Backend, jobs: int | None = None, reruns: int = 0, shared: bool = False) -> None:
        self._backend, self._reruns, self._shared = backend, reruns, shared
        self._jobs = jobs or 2 * len(os.sched_getaffinity(0))
        self._workers = ThreadPoolExecutor(self._jobs, thread_name_prefix="judge")
        self._slots: LifoQueue[Slot | int] = LifoQueue()  # a number is a slot not yet started
        for number in reversed(range(self._jobs)):
            self._slots.put(number)
        self._closed = threading.Event()

    @property
    def backend(self) -> str:
        """See Sandbox.backend."""
        return self._backend.name

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """See Sandbox.judge. At most twice as many jobs as slots are taken from `jobs` ahead of their turn."""
        running, done = set[Future[Judged]](), SimpleQueue[Future[Judged]]()

        def following() -> Judged:
            future = done.get()
            running.discard(future)
            return future.result()

        try:
            for job in jobs:
                future = self._workers.submit(self._one, job)
                running.add(future)
                future.add_done_callback(done.put)
                if len(running) >= 2 * self._jobs:
                    yield following()
            while running:
                yield following()
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        """See Sandbox.close."""
        self._closed.set()
        self._workers.shutdown(wait=True, cancel_futures=True)
        while not self._slots.empty():
            slot = self._slots.get()
            if isinstance(slot, Slot):
                slot.close()

    def __enter__(self) -> "SlotPool":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _one(self, job: Job) -> Judged:
        if not job.code or not job.code.strip():
            return Judged(job.job_id, "no_code", (), feedback=feedback("no_code", ()), isolation="none")
        first = self._judged(job)
        if first.verdict != "passed":
            return first
        for passes in range(1, 1 + self._reruns):
            again = self._judged(job)
            if again.verdict == "infra":
                return again
            if again.verdict != "passed":
                evidence = {**again.evidence, "passes_before": passes}
                return replace(again, flags=(*again.flags, "flaky"), evidence=evidence)
        return first

    def _judged(self, job: Job) -> Judged:
        """One run, and another where the machinery failed."""
        reasons: list[str] = []
        for _ in range(1 + RETRIES):
            answer = self._on_slot(job)
            if isinstance(answer, Judged):
                return replace(answer, evidence={**answer.evidence, "retries": len(reasons)})
            reasons.append(answer)
        return Judged(job.job_id, "infra", (), isolation="none", evidence={"why": "; ".join(reasons)})

    def _on_slot(self, job: Job) -> Judged | str:
        """The row, or why our machinery failed; SandboxError if the slot can't be started."""
        slot = self._slots.get()
        number = slot if isinstance(slot, int) else slot.number
        try:
            if isinstance(slot, int):
                slot = Slot(self._backend, number)
            answer = _stdio(job, slot.run) if isinstance(job.tests, Stdio) else _tested(job, slot.run, self._shared)
            if isinstance(answer, Judged):
                answer = replace(answer, evidence={**answer.evidence, "cgroup": slot.cgroup})
        except ServerGoneError as error:
            answer = str(error)
        except BaseException:
            self._put_back(slot, number, broken=True)
            raise
        self._put_back(slot, number, broken=isinstance(answer, str) or (isinstance(slot, Slot) and slot.broken))
        return answer

    def _put_back(self, slot: Slot | int, number: int, broken: bool) -> None:
        if broken and isinstance(slot, Slot):
            slot.close()
            slot = number
        self._slots.put(slot)


def _tested(job: Job, run: Callable[..., Outcome], shared: bool) -> Judged | str:
    if job.each:
        return judged_each(job, run)
    program, tests, expected = plan.program(job), plan.tests(job), plan.expected(job)
    outcome = run(program, job.limits, tests)
    if outcome.driver_died and outcome.stop is None:
        return f"the driver ended early: {outcome.driver_died}"
    judged = verdicts.of_tested(job, expected, outcome)
    if shared and judged.verdict == "failed" and judged.evidence.get("uncarried"):
        together = verdicts.of_tested(job, expected, run(program, job.limits, tests, together=True))
        return replace(together, isolation="shared", flags=(*together.flags, "shared"))
    return judged


def _stdio(job: Job, run: Callable[..., Outcome]) -> Judged:
    """Every case in a process of its own; after a limit the remaining cases are not run."""
    assert isinstance(job.tests, Stdio)
    results: list[TestResult] = []
    outcomes: list[Outcome] = []
    for name, case in zip(plan.expected(job), job.tests.cases, strict=True):
        if outcomes and outcomes[-1].stop:
            results.append(TestResult(name, outcomes[-1].stop, verdicts.NOT_RUN + outcomes[-1].why))
            continue
        left = job.limits.cpu_s - sum(outcome.cpu_s for outcome in outcomes)
        limits = job.limits.model_copy(update={"cpu_s": max(0.01, left)})
        outcome = run(plan.program(job), limits, None, case.input.encode("utf-8", "surrogatepass"))
        outcomes.append(outcome)
        results.append(verdicts.of_case(name, outcome, same_output(outcome.stdout, case.output), job.code, case.input))
    exception = next((outcome.report for outcome in outcomes if outcome.report), None)
    return verdicts.judged(job, results, outcomes, exception)
