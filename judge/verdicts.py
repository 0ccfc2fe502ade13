"""Decide the verdict of a run from its facts: pure, and never `passed` without an answer to every expected test."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from judge.feedback import scrub_addresses, write_feedback
from judge.outcome import DriverRecord, Outcome, RaisedException
from judge.protocol import Evidence, Flag, Job, Judged, TestFacts, TestResult, Verdict

PRIORITY: tuple[Verdict, ...] = (
    "infra", "timeout", "memory", "output", "processes", "files", "exited", "error", "failed",
)  # fmt: skip
ENOSPC = 28
TAIL = 2000
TAIL_BYTES = 4 * TAIL
NOT_RUN = "not run: "
_REPORTED = {"passed", "failed", "error", "exited", "lost"}


def find_infra(outcome: Outcome) -> str:
    """Return the reason why a run with tests says nothing about the program; empty if it does."""
    if outcome.driver_died and outcome.stop is None:
        return f"the driver ended early: {outcome.driver_died}"
    return str(outcome.records[0].get("infra", "")) if outcome.records else ""


def judge_tested(job: Job, expected: list[str], outcome: Outcome) -> Judged:
    """Decide the verdict of a program whose tests have run; `expected` names the tests that must pass.

    Its report comes from a driver; or from the program's own process, where it may be forged.
    """
    planned = next((record["plan"] for record in outcome.records if record.get("plan")), expected)
    test_records = [record for record in outcome.records if "test" in record]
    tampered = next((ascii(record["tampered"])[1:-1] for record in outcome.records if "tampered" in record), "")
    load_faults = [record.get("fault") for record in outcome.records if record.get("load")]
    load_fault = next((fault for fault in load_faults if fault), None)
    done = any(record.get("done") for record in outcome.records)
    unanswered = "no answer" if done else outcome.ending
    broken = next((str(record["broken"]) for record in outcome.records if "broken" in record), unanswered)
    results: list[TestResult] = []
    exception = load_fault
    for position, name in enumerate(planned):
        record = test_records[position] if position < len(test_records) else None
        if record is None or record["test"] != name or record["verdict"] not in _REPORTED:
            results.append(_stopped_result(name, outcome, broken, skipped=False))
            continue
        if record["verdict"] == "lost":
            skipped = position > 0 and bool(record.get("skipped"))
            results.append(_stopped_result(name, outcome, outcome.ending, skipped))
            continue
        raised = record.get("exception") or (exception if load_fault else None)
        verdict = _refine_error(cast(Verdict, record["verdict"]), raised)
        message = scrub_addresses(_add_line(record["message"], raised, job.code))
        not_run = record.get("skipped") and not load_fault
        results.append(TestResult(name, verdict, NOT_RUN + message if not_run else message))
        exception = exception or record.get("exception")
    flags: tuple[Flag, ...] = ("tampered",) if tampered else ()
    if tampered and all(result.verdict == "passed" for result in results):
        results[-1] = TestResult(results[-1].test, "failed", tampered)
    final_records = [record for record in outcome.records if record.get("done")]
    if not done and results and all(result.verdict == "passed" for result in results):
        results[-1] = _stopped_result(results[-1].test, outcome, outcome.ending, skipped=False)
    facts = {str(record["test"]): facts for record in test_records if (facts := _read_facts(record)) != TestFacts()}
    _check_skipped(results, facts, job)
    torn = next((str(record["torn"]) for record in outcome.records if "torn" in record), "")
    if torn and results and results[-1].verdict == "passed":
        results[-1] = TestResult(results[-1].test, "error", torn)
    # What no test can be blamed for stands at the end of the report.
    asked = {str(word) for record in test_records for word in record.get("asked", ())}
    notes: Evidence = {}
    for note in (note for record in final_records for note in record.get("notes", ())):
        if note == "uncarried":
            notes[note] = True
        else:
            asked.add(note)
    if asked:
        notes["asked"] = sorted(asked)
    if tampered:
        notes["tampered"] = tampered
    return replace(combine(job, results, [outcome], exception, flags, notes), facts=facts)


def _read_facts(record: DriverRecord) -> TestFacts:
    return TestFacts(
        tuple(sorted(map(str, record.get("asked", ())))), bool(record.get("omitted")), tuple(record.get("lines", ()))
    )


def _check_skipped(results: list[TestResult], facts: dict[str, TestFacts], job: Job) -> None:
    """Let a skipped test pass if the reference skips it, too; without one, if another test has run."""
    skipped = [at for at, result in enumerate(results) if facts.get(result.test, TestFacts()).skipped]
    for at in skipped:
        result = results[at]
        if job.normal is not None and not job.calibrate and result.test not in job.normal.skipped:
            results[at] = TestResult(result.test, "failed", f"{result.message}; the reference does not skip it")
    if skipped and len(skipped) == len(results) and results[-1].verdict == "passed":
        results[-1] = TestResult(results[-1].test, "failed", "every test was skipped")


def _stopped_result(name: str, outcome: Outcome, otherwise: str, skipped: bool) -> TestResult:
    """Return the result of a test without an answer: the limit exceeded, or else the reason `otherwise`."""
    verdict: Verdict = outcome.stop or ("exited" if otherwise == outcome.ending else "failed")
    message = outcome.why if outcome.stop else otherwise
    return TestResult(name, verdict, NOT_RUN + message if skipped else message)


def _refine_error(verdict: Verdict, raised: RaisedException | None) -> Verdict:
    """Turn an `error` into a limit's verdict where the exception is how the program meets that limit."""
    if verdict == "error" and raised:
        if raised[0] == "MemoryError":
            return "memory"
        if raised[3] == ENOSPC:
            return "files"
    return verdict


def _add_line(message: str, raised: RaisedException | None, code: str) -> str:
    line = raised[2] if raised else None
    lines = code.splitlines()
    if not isinstance(line, int) or not 0 < line <= len(lines):
        return message
    return f"{message}, at line {line}: {lines[line - 1].strip()[:300]}"


def judge_case(name: str, outcome: Outcome, difference: str, code: str, stdin: str) -> TestResult:
    """Decide the result of one stdio case; `difference` is empty where the output is the expected one."""
    result = _judge_case(name, outcome, difference, code)
    if result.verdict == "passed" or outcome.stop:
        return result
    shown_input = repr(stdin if len(stdin) <= 300 else stdin[:297] + "...")
    return TestResult(name, result.verdict, f"{result.message}, for input {shown_input}")


def _judge_case(name: str, outcome: Outcome, difference: str, code: str) -> TestResult:
    if outcome.stop:
        return TestResult(name, outcome.stop, outcome.why)
    if outcome.report is not None and outcome.status:
        raised = outcome.report
        message = _add_line(f"{raised[0]}: {raised[1]}", raised, code)
        return TestResult(name, _refine_error("error", raised), scrub_addresses(message))
    if outcome.status != 0:
        return TestResult(name, "exited", outcome.ending)
    return TestResult(name, "failed" if difference else "passed", scrub_addresses(difference))


def combine(
    job: Job,
    results: Sequence[TestResult],
    outcomes: Sequence[Outcome],
    exception: RaisedException | None,
    flags: tuple[Flag, ...] = (),
    notes: Evidence | None = None,
) -> Judged:
    """Combine the results of all tests and runs into one verdict; an exceeded limit outweighs the tests."""
    kinds = {result.verdict for result in results} | {outcome.stop for outcome in outcomes if outcome.stop}
    verdict: Verdict = next((kind for kind in PRIORITY if kind in kinds), "passed")
    if verdict == "passed" and not (results and kinds == {"passed"}):
        verdict = "failed"
    tests = tuple(results)
    last = outcomes[-1]
    exceeded_limit = next((outcome.why for outcome in outcomes if outcome.stop == verdict), "")
    return Judged(
        job_id=job.job_id,
        verdict=verdict,
        tests=tests,
        flags=flags,
        exception_type=str(exception[0]) if exception else None,
        exception_message=scrub_addresses(str(exception[1])) if exception else None,
        feedback=write_feedback(verdict, tests, exceeded_limit),
        cpu_ms=1000 * sum(outcome.cpu_s for outcome in outcomes),
        wall_ms=1000 * sum(outcome.wall_s for outcome in outcomes),
        peak_mib=max(outcome.peak_bytes for outcome in outcomes) / (1 << 20),
        signal=next((outcome.signal for outcome in outcomes if outcome.signal), None),
        stdout_tail=last.stdout[-TAIL:].decode("utf-8", "replace"),
        stderr_tail=last.stderr[-TAIL:].decode("utf-8", "replace"),
        evidence={**(notes or {}), "processes": max(outcome.peak_processes for outcome in outcomes)},
    )
