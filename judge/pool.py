"""The pool of slots: shared by all callers, one program per slot at a time, infrastructure errors retried."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

from judge import plan, verdicts
from judge.backends.base import Backend
from judge.calibration import RunIsolation
from judge.checker import judge_checker
from judge.confirm import Confirmation, judge_job
from judge.cpus import available_cpus
from judge.each import judge_each
from judge.feedback import write_feedback
from judge.outcome import Outcome
from judge.problems import Checker, Stdio
from judge.protocol import Job, Judged
from judge.server import ServerGoneError
from judge.slot import Slot
from judge.stdio import judge_stdio

RETRIES = 2


class SlotPool:
    """The real Sandbox, over a backend; see protocol.Sandbox. A slot starts when it is first needed."""

    def __init__(self, backend: Backend, jobs: int | None = None, confirmation: Confirmation | None = None) -> None:
        """
        Args:
            backend: starts the fork servers.
            jobs: programs at one time; None for twice the number of CPUs. There is one slot more than that, so that a
                program's next run never waits for one with another seed of hashes.
            confirmation: what confirms a pass.
        """
        self._backend, self._confirmation = backend, confirmation or Confirmation()
        self._jobs = jobs or 2 * available_cpus()
        self._workers = ThreadPoolExecutor(self._jobs, thread_name_prefix="judge")
        self._slots: list[Slot | int] = list(reversed(range(self._jobs + 1)))  # a number is a slot not yet started
        self._slot_freed = threading.Condition()

    @property
    def backend(self) -> str:
        """See Sandbox.backend."""
        return self._backend.name

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """See Sandbox.judge. At most twice as many jobs as slots are taken from `jobs` ahead of their turn."""
        running, finished = set[Future[Judged]](), SimpleQueue[Future[Judged]]()

        def wait_for_one() -> Judged:
            future = finished.get()
            running.discard(future)
            return future.result()

        try:
            for job in jobs:
                future = self._workers.submit(self._judge_job, job)
                running.add(future)
                future.add_done_callback(finished.put)
                if len(running) >= 2 * self._jobs:
                    yield wait_for_one()
            while running:
                yield wait_for_one()
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        """See Sandbox.close."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        for slot in self._slots:
            if isinstance(slot, Slot):
                slot.close()
        self._slots.clear()

    def __enter__(self) -> "SlotPool":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _judge_job(self, job: Job) -> Judged:
        """Judge a program, and confirm a pass."""
        if not job.code or not job.code.strip():
            return Judged(job.job_id, "no_code", (), feedback=write_feedback("no_code", ()), isolation="none")
        used: list[int] = []

        def run(part: Job, isolation: RunIsolation) -> Judged:
            return self._run_with_retries(part, isolation, used)

        return judge_job(job, self._confirmation, run)

    def _run_with_retries(self, job: Job, isolation: RunIsolation, used: list[int]) -> Judged:
        """Run a program once, and again on another slot after an infrastructure error.

        Args:
            job: the program and its tests.
            isolation: how they are run.
            used: the slots of the program's earlier runs; this one's are added.
        """
        reasons: list[str] = []
        for _ in range(1 + RETRIES):
            answer = self._run_on_slot(job, isolation, used)
            if isinstance(answer, Judged):
                evidence = {**answer.evidence, "retries": len(reasons)}
                return replace(answer, isolation=isolation, evidence=evidence)
            reasons.append(answer)
        return Judged(job.job_id, "infra", (), isolation="none", evidence={"why": "; ".join(reasons)})

    def _run_on_slot(self, job: Job, isolation: RunIsolation, used: list[int]) -> Judged | str:
        """Run a program; return its verdict, or the reason of an infrastructure error.

        Raises:
            SandboxError: the slot cannot be started.
        """
        slot = self._take_slot(used)
        number = slot if isinstance(slot, int) else slot.number
        used.append(number)
        try:
            if isinstance(slot, int):
                slot = Slot(self._backend, number)
            if isinstance(job.tests, Stdio):
                answer: Judged | str = judge_stdio(job, job.tests, slot.run)
            elif isinstance(job.tests, Checker):
                answer = judge_checker(job, job.tests, slot.run)
            else:
                answer = _judge_tests(job, partial(slot.run, together=isolation == "native"))
            if isinstance(answer, Judged):
                answer = replace(answer, evidence={**answer.evidence, "cgroup": slot.cgroup})
        except ServerGoneError as error:
            answer = error.problem
        except BaseException:
            self._put_back(slot, number, broken=True)
            raise
        self._put_back(slot, number, broken=isinstance(answer, str) or (isinstance(slot, Slot) and slot.broken))
        return answer

    def _take_slot(self, used: Sequence[int]) -> Slot | int:
        """Take a slot that the program has used least, and not just now, as each has a seed of its own."""
        with self._slot_freed:
            while True:
                free = [at for at, slot in enumerate(self._slots) if not used or _get_number(slot) != used[-1]]
                if free:
                    return self._slots.pop(min(free, key=lambda at: (used.count(_get_number(self._slots[at])), -at)))
                self._slot_freed.wait()

    def _put_back(self, slot: Slot | int, number: int, broken: bool) -> None:
        if broken and isinstance(slot, Slot):
            slot.close()
            slot = number
        with self._slot_freed:
            self._slots.append(slot)
            self._slot_freed.notify_all()


def _get_number(slot: Slot | int) -> int:
    return slot if isinstance(slot, int) else slot.number


def _judge_tests(job: Job, run: Callable[..., Outcome]) -> Judged | str:
    """Run a program against tests of any kind but stdio; return a verdict, or the reason of an infrastructure error."""
    if job.each:
        return judge_each(job, run)
    outcome = run(plan.program_payload(job), job.limits, plan.tests_payload(job))
    return verdicts.find_infra(outcome) or verdicts.judge_tested(job, plan.expected_tests(job), outcome)
