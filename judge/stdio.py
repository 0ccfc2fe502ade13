"""Judge a program by what it prints: every case in a process of its own."""

from collections.abc import Callable

from judge import plan, verdicts
from judge.compare import OutputComparison
from judge.outcome import Outcome
from judge.problems import Stdio
from judge.protocol import Job, Judged, TestResult


def judge_stdio(job: Job, tests: Stdio, run: Callable[..., Outcome]) -> Judged:
    """Run every case in a process of its own; after an exceeded limit the remaining cases are not run."""
    results: list[TestResult] = []
    outcomes: list[Outcome] = []
    for name, case in zip(plan.expected_tests(job), tests.cases, strict=True):
        if outcomes and outcomes[-1].stop:
            results.append(TestResult(name, outcomes[-1].stop, verdicts.NOT_RUN + outcomes[-1].why))
            continue
        cpu_s_left = job.limits.cpu_s - sum(outcome.cpu_s for outcome in outcomes)
        limits = job.limits.model_copy(update={"cpu_s": max(0.01, cpu_s_left)})
        comparison = OutputComparison(case.output, tests.float_tolerance)
        stdin = case.input.encode("utf-8", "surrogatepass")
        outcome = run(plan.program_payload(job), limits, None, stdin, comparison=comparison)
        outcomes.append(outcome)
        results.append(verdicts.judge_case(name, outcome, comparison.finish(), job.code, case.input))
    exception = next((outcome.report for outcome in outcomes if outcome.report), None)
    return verdicts.combine(job, results, outcomes, exception)
