"""Judge asserts that have the limits each to itself: a stop of one does not change the verdicts of the others."""

from collections.abc import Callable
from dataclasses import replace

from judge import plan, verdicts
from judge.outcome import Outcome
from judge.problems import Asserts
from judge.protocol import Evidence, Flag, Job, Judged, TestResult

LOADS = "assert True"
"""A test that any program passes once its own code has run."""


def judge_each(job: Job, run: Callable[..., Outcome]) -> Judged | str:
    """Run all asserts in one process, and those that a stop kept from running in fresh ones.

    A test that was stopped after others had used the same process is tried again alone. A program that never gets
    through its own code is run twice and no more: every test then has that verdict.

    Returns:
        The verdict; or the reason of an infrastructure error.
    """
    assert isinstance(job.tests, Asserts)
    setup, waiting = job.tests.setup, [list(job.tests.asserts)]
    results: list[TestResult] = []
    outcomes: list[Outcome] = []
    parts: list[Judged] = []

    def run_tests(tests: list[str]) -> tuple[Judged, int] | str:
        """Run some of the tests; return their verdict and how many of them have an answer of their own."""
        part = replace(job, tests=Asserts(setup=setup, asserts=tuple(tests)))
        outcome = run(plan.program_payload(part), job.limits, plan.tests_payload(part))
        if outcome.driver_died and outcome.stop is None:
            return f"the driver ended early: {outcome.driver_died}"
        outcomes.append(outcome)
        judged = verdicts.judge_tested(part, tests, outcome)
        parts.append(judged)
        return judged, _count_answers(tests, outcome)

    while waiting:
        tests = waiting.pop(0)
        answer = run_tests(tests)
        if isinstance(answer, str):
            return answer
        judged, answered = answer
        results += judged.tests[:answered]
        if answered == len(tests) or "tampered" in judged.flags or _load_failed(outcomes[-1]):
            results += judged.tests[answered:]
            if answered < len(tests):  # later tests could not be believed, or would end the same way
                results += [replace(judged.tests[-1], test=test) for group in waiting for test in group]
                break
            continue
        if answered == 0 and outcomes[-1].driver_died and len(tests) > 1:
            waiting = [[test] for test in tests] + waiting  # the report is lost, and with it which test it was
            continue
        if answered > 0:
            later = tests[answered + 1 :]
            waiting = [[tests[answered]], *([later] if later else []), *waiting]
            continue
        results.append(judged.tests[0])
        remaining = tests[1:]
        if remaining and len(results) == 1:
            load_answer = run_tests([LOADS])
            if isinstance(load_answer, str):
                return load_answer
            if load_answer[1] == 0:
                results += [replace(judged.tests[0], test=test) for test in remaining]
                break
        waiting = [remaining, *waiting] if remaining else waiting
    return _combine_parts(job, results, outcomes, parts)


def _combine_parts(job: Job, results: list[TestResult], outcomes: list[Outcome], parts: list[Judged]) -> Judged:
    raised = next((part for part in parts if part.exception_type), None)
    exception = [raised.exception_type, raised.exception_message or ""] if raised else None
    flags: tuple[Flag, ...] = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    notes: Evidence = {key: value for part in parts for key, value in part.evidence.items() if key != "processes"}
    kinds = {result.verdict for result in results}
    # A limit that no result shows was exceeded by several tests together, in a process that they shared.
    counted = [outcome if outcome.stop in kinds else replace(outcome, stop=None) for outcome in outcomes]
    return verdicts.combine(job, results, counted, exception, flags, {**notes, "runs": len(outcomes)})


def _count_answers(tests: list[str], outcome: Outcome) -> int:
    """Return how many tests, from the first on, have an answer of their own."""
    test_records = [record for record in outcome.records if "test" in record]
    for count, test in enumerate(tests):
        record = test_records[count] if count < len(test_records) else None
        if record is None or record["test"] != test or record["verdict"] == "lost" or record.get("skipped"):
            return count
    return len(tests)


def _load_failed(outcome: Outcome) -> bool:
    """Return whether the program's own code raised, so that no test could begin."""
    return any(record.get("load") and record.get("fault") for record in outcome.records)
