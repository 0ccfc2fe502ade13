"""The pool of slots: shared by all callers, one program per slot at a time, infrastructure errors retried."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import LifoQueue, SimpleQueue

from judge import plan, verdicts
from judge.backends.base import Backend
from judge.cpus import available_cpus
from judge.each import judge_each
from judge.feedback import write_feedback
from judge.outcome import Outcome
from judge.problems import Stdio
from judge.protocol import Job, Judged
from judge.server import ServerGoneError
from judge.slot import Slot
from judge.stdio import judge_stdio

RETRIES = 2


class SlotPool:
    """The real Sandbox, over a backend; see protocol.Sandbox. A slot starts when it is first needed."""

    def __init__(self, backend: Backend, jobs: int | None = None, reruns: int = 0, shared: bool = False) -> None:
        """
        Args:
            backend: starts the fork servers.
            jobs: number of slots; None for twice the number of CPUs.
            reruns: how often a program that passed is run again.
            shared: judge again, in one process with its tests, a program whose answer cannot cross between processes.
        """
        self._backend, self._reruns, self._shared = backend, reruns, shared
        self._jobs = jobs or 2 * available_cpus()
        self._workers = ThreadPoolExecutor(self._jobs, thread_name_prefix="judge")
        self._slots: LifoQueue[Slot | int] = LifoQueue()  # a number is a slot not yet started
        for number in reversed(range(self._jobs)):
            self._slots.put(number)

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
        while not self._slots.empty():
            slot = self._slots.get()
            if isinstance(slot, Slot):
                slot.close()

    def __enter__(self) -> "SlotPool":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _judge_job(self, job: Job) -> Judged:
        """Judge a program, and run it again after a pass: one that does not pass every time is flaky."""
        if not job.code or not job.code.strip():
            return Judged(job.job_id, "no_code", (), feedback=write_feedback("no_code", ()), isolation="none")
        first = self._run_with_retries(job)
        if first.verdict != "passed":
            return first
        for passes in range(1, 1 + self._reruns):
            rerun = self._run_with_retries(job)
            if rerun.verdict == "infra":
                return rerun
            if rerun.verdict != "passed":
                evidence = {**rerun.evidence, "passes_before": passes}
                return replace(rerun, flags=(*rerun.flags, "flaky"), evidence=evidence)
        return first

    def _run_with_retries(self, job: Job) -> Judged:
        """Run a program once, and again on another slot after an infrastructure error."""
        reasons: list[str] = []
        for _ in range(1 + RETRIES):
            answer = self._run_on_slot(job)
            if isinstance(answer, Judged):
                return replace(answer, evidence={**answer.evidence, "retries": len(reasons)})
            reasons.append(answer)
        return Judged(job.job_id, "infra", (), isolation="none", evidence={"why": "; ".join(reasons)})

    def _run_on_slot(self, job: Job) -> Judged | str:
        """Run a program; return its verdict, or the reason of an infrastructure error.

        Raises:
            SandboxError: the slot cannot be started.
        """
        slot = self._slots.get()
        number = slot if isinstance(slot, int) else slot.number
        try:
            if isinstance(slot, int):
                slot = Slot(self._backend, number)
            if isinstance(job.tests, Stdio):
                answer: Judged | str = judge_stdio(job, job.tests, slot.run)
            else:
                answer = _judge_tests(job, slot.run, self._shared)
            if isinstance(answer, Judged):
                answer = replace(answer, evidence={**answer.evidence, "cgroup": slot.cgroup})
        except ServerGoneError as error:
            answer = error.problem
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


def _judge_tests(job: Job, run: Callable[..., Outcome], shared: bool) -> Judged | str:
    """Run a program against tests of any kind but stdio; return a verdict, or the reason of an infrastructure error."""
    if job.each:
        return judge_each(job, run)
    program, tests, expected = plan.program_payload(job), plan.tests_payload(job), plan.expected_tests(job)
    outcome = run(program, job.limits, tests)
    if outcome.driver_died and outcome.stop is None:
        return f"the driver ended early: {outcome.driver_died}"
    judged = verdicts.judge_tested(job, expected, outcome)
    if shared and judged.verdict == "failed" and judged.evidence.get("uncarried"):
        together = verdicts.judge_tested(job, expected, run(program, job.limits, tests, together=True))
        return replace(together, isolation="shared", flags=(*together.flags, "shared"))
    return judged
