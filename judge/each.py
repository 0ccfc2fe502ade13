"""Tests that have the limits each to itself: what stops one leaves the others theirs."""

from collections.abc import Callable
from dataclasses import replace

from judge import plan, verdicts
from judge.outcome import Outcome
from judge.problems import Asserts
from judge.protocol import Flag, Job, Judged, TestResult

LOADS = "assert True"
"""A test that any program passes once its own code has run."""


def judged_each(job: Job, run: Callable[..., Outcome]) -> Judged | str:
    """Run all asserts in one process, and what a stop kept from running in fresh ones; a reason where we failed.

    A test that was stopped after others had used the same process is tried again alone. A program that does not get
    through its own code is run twice and no more: every test then has that verdict.
    """
    assert isinstance(job.tests, Asserts)
    waiting = [list(job.tests.asserts)]
    results: list[TestResult] = []
    outcomes: list[Outcome] = []
    told: list[Judged] = []

    def ran(tests: list[str]) -> tuple[Judged, int] | str:
        part = replace(job, tests=job.tests.model_copy(update={"asserts": tuple(tests)}))
        outcome = run(plan.program(part), job.limits, plan.tests(part))
        if outcome.driver_died and outcome.stop is None:
            return f"the driver ended early: {outcome.driver_died}"
        outcomes.append(outcome)
        judged = verdicts.of_tested(part, tests, outcome)
        told.append(judged)
        return judged, _answered(tests, outcome)

    while waiting:
        tests = waiting.pop(0)
        got = ran(tests)
        if isinstance(got, str):
            return got
        judged, answered = got
        results += judged.tests[:answered]
        if answered == len(tests) or "tampered" in judged.flags or _raised(outcomes[-1]):
            results += judged.tests[answered:]
            if answered < len(tests):  # nothing that follows could be believed, or would be otherwise
                results += [replace(judged.tests[-1], test=test) for rest in waiting for test in rest]
                break
            continue
        if answered == 0 and outcomes[-1].driver_died and len(tests) > 1:
            waiting = [[test] for test in tests] + waiting  # the report is lost, so nobody knows which test it was
            continue
        if answered > 0:
            waiting = (
                [[tests[answered]], tests[answered + 1 :], *waiting] if tests[answered + 1 :] else [tests[answered:]]
            )
            continue
        results.append(judged.tests[0])
        rest = tests[1:]
        if rest and len(results) == 1:
            loads = ran([LOADS])
            if isinstance(loads, str):
                return loads
            if loads[1] == 0:
                results += [replace(judged.tests[0], test=test) for test in rest]
                break
        waiting = [rest, *waiting] if rest else waiting
    raised = next((j for j in told if j.exception_type), None)
    flags: tuple[Flag, ...] = tuple(dict.fromkeys(flag for j in told for flag in j.flags))
    notes = {key: value for j in told for key, value in j.evidence.items() if key != "processes"}
    exception = [raised.exception_type, raised.exception_message or ""] if raised else None
    kinds = {result.verdict for result in results}
    counted = [o if o.stop in kinds else replace(o, stop=None) for o in outcomes]  # others were stopped in company
    return verdicts.judged(job, results, counted, exception, flags, {**notes, "runs": len(outcomes)})


def _answered(tests: list[str], outcome: Outcome) -> int:
    """How many tests, from the first on, got an answer of their own."""
    found = [record for record in outcome.records if "test" in record]
    for count, test in enumerate(tests):
        record = found[count] if count < len(found) and found[count]["test"] == test else None
        if record is None or record["verdict"] == "lost" or record.get("skipped"):
            return count
    return len(tests)


def _raised(outcome: Outcome) -> bool:
    """Whether the program's own code raised, so that no test could begin."""
    return any(record.get("load") and record.get("fault") for record in outcome.records)
