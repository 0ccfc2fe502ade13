"""Judge a program by what it prints: every case in a process of its own."""

from collections.abc import Callable, Sequence

from judge import plan, verdicts
from judge.compare import OutputComparison
from judge.outcome import Outcome
from judge.problems import Stdio
from judge.protocol import Job, Judged, TestResult

CompareCase = Callable[[int], OutputComparison | None]
"""Returns what compares the output of the case of a number, from 0; None where nothing does."""


def judge_stdio(job: Job, tests: Stdio, run: Callable[..., Outcome]) -> Judged:
    """Run a program on every case, and compare what it prints."""

    def compare(number: int) -> OutputComparison:
        return OutputComparison(tests.cases[number].output, tests.float_tolerance)

    return run_cases(job, [case.input for case in tests.cases], run, compare)


def run_cases(
    job: Job,
    inputs: Sequence[str],
    run: Callable[..., Outcome],
    compare: CompareCase,
    collect: Callable[[int, Outcome], None] = lambda number, outcome: None,
) -> Judged:
    """Run a program on every input, each in a process of its own; after an exceeded limit the others are not run.

    The limit of CPU time holds for all cases together. `collect` takes each run that nothing is wrong with so far.
    """
    results: list[TestResult] = []
    outcomes: list[Outcome] = []
    for number, (name, text) in enumerate(zip(plan.expected_tests(job), inputs, strict=True)):
        if outcomes and outcomes[-1].stop:
            results.append(TestResult(name, outcomes[-1].stop, verdicts.NOT_RUN + outcomes[-1].why))
            continue
        cpu_s_left = job.limits.cpu_s - sum(outcome.cpu_s for outcome in outcomes)
        limits = job.limits.model_copy(update={"cpu_s": max(0.01, cpu_s_left)})
        comparison = compare(number)
        stdin = text.encode("utf-8", "surrogatepass")
        outcome = run(plan.program_payload(job), limits, None, stdin, comparison=comparison)
        outcomes.append(outcome)
        difference = comparison.finish() if comparison else ""
        results.append(verdicts.judge_case(name, outcome, difference, job.code, text))
        if results[-1].verdict == "passed":
            collect(number, outcome)
        outcome.stdout = outcome.stdout[-verdicts.TAIL_BYTES :]
    exception = next((outcome.report for outcome in outcomes if outcome.report), None)
    return verdicts.combine(job, results, outcomes, exception)
