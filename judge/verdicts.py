"""From what was seen of a run to a verdict: pure, and never `passed` without an answer to every expected test."""

from collections.abc import Sequence
from typing import Any, cast

from judge.feedback import feedback, scrubbed
from judge.outcome import Outcome
from judge.protocol import Flag, Job, Judged, TestResult, Verdict

PRIORITY: tuple[Verdict, ...] = (
    "infra", "timeout", "memory", "output", "processes", "files", "exited", "error", "failed",
)  # fmt: skip
ENOSPC = 28
TAIL = 2000
NOT_RUN = "not run: "
_KNOWN = {"passed", "failed", "error", "exited", "lost"}


def of_tested(job: Job, expected: list[str], outcome: Outcome) -> Judged:
    """Verdict of a program whose tests a driver has run."""
    planned = next((r["plan"] for r in outcome.records if r.get("plan")), expected)
    found = [record for record in outcome.records if "test" in record]
    tampered = next((ascii(r["tampered"])[1:-1] for r in outcome.records if "tampered" in r), "")
    raised = next((r for r in outcome.records if r.get("load") and r.get("fault")), None)
    broken = next((str(r["broken"]) for r in outcome.records if "broken" in r), "no answer")
    results: list[TestResult] = []
    exception: list[Any] | None = raised["fault"] if raised else None
    for at, name in enumerate(planned):
        record = found[at] if at < len(found) and found[at]["test"] == name else None
        if record is None or record["verdict"] not in _KNOWN:
            results.append(_stopped(name, outcome, broken, skipped=False))
            continue
        if record["verdict"] == "lost":
            results.append(_stopped(name, outcome, outcome.ending, skipped=at > 0 and bool(record.get("skipped"))))
            continue
        said = record.get("exception") or (exception if raised else None)
        verdict = _by_exception(cast(Verdict, record["verdict"]), said)
        message = scrubbed(_with_line(record["message"], said, job.code))
        results.append(
            TestResult(name, verdict, NOT_RUN + message if record.get("skipped") and not raised else message)
        )
        exception = exception or record.get("exception")
    flags: tuple[Flag, ...] = ("tampered",) if tampered else ()
    if tampered and all(result.verdict == "passed" for result in results):
        results[-1] = TestResult(results[-1].test, "failed", tampered)
    notes = {str(note): True for r in outcome.records if r.get("done") for note in r.get("notes", ())}
    if tampered:
        notes["tampered"] = tampered  # type: ignore[assignment]
    return judged(job, results, [outcome], exception, flags, notes)


def _stopped(name: str, outcome: Outcome, otherwise: str, skipped: bool) -> TestResult:
    """The result of a test that got no answer."""
    verdict: Verdict = outcome.stop or ("exited" if otherwise == outcome.ending else "failed")
    message = outcome.why if outcome.stop else otherwise
    return TestResult(name, verdict, NOT_RUN + message if skipped else message)


def _by_exception(verdict: Verdict, said: list[Any] | None) -> Verdict:
    """Some exceptions are how a limit is felt from inside."""
    if verdict == "error" and said:
        if said[0] == "MemoryError":
            return "memory"
        if said[3] == ENOSPC:
            return "files"
    return verdict


def _with_line(message: str, said: list[Any] | None, code: str) -> str:
    line = said[2] if said else None
    lines = code.splitlines()
    if not isinstance(line, int) or not 0 < line <= len(lines):
        return message
    return f"{message}, at line {line}: {lines[line - 1].strip()[:300]}"


def of_case(name: str, outcome: Outcome, difference: str, code: str, given: str) -> TestResult:
    """One stdio case; `difference` is empty where the output is the expected one, `given` is its input."""
    result = _of_case(name, outcome, difference, code)
    if result.verdict == "passed" or outcome.stop:
        return result
    shown = repr(given if len(given) <= 300 else given[:297] + "...")
    return TestResult(name, result.verdict, f"{result.message}, for input {shown}")


def _of_case(name: str, outcome: Outcome, difference: str, code: str) -> TestResult:
    if outcome.stop:
        return TestResult(name, outcome.stop, outcome.why)
    if outcome.report is not None and outcome.status:
        said = outcome.report
        message = _with_line(f"{said[0]}: {said[1]}", said, code)
        return TestResult(name, _by_exception("error", said), scrubbed(message))
    if outcome.status != 0:
        return TestResult(name, "exited", outcome.ending)
    return TestResult(name, "failed" if difference else "passed", scrubbed(difference))


def judged(
    job: Job,
    results: Sequence[TestResult],
    outcomes: Sequence[Outcome],
    exception: list[Any] | None,
    flags: tuple[Flag, ...] = (),
    notes: dict[str, Any] | None = None,
) -> Judged:
    """Put one row together; a limit that was passed outweighs what the tests say."""
    kinds = {result.verdict for result in results} | {outcome.stop for outcome in outcomes if outcome.stop}
    verdict: Verdict = next((kind for kind in PRIORITY if kind in kinds), "passed")
    if verdict == "passed" and not (results and kinds == {"passed"}):
        verdict = "failed"
    tests = tuple(results)
    last = outcomes[-1]
    return Judged(
        job_id=job.job_id,
        verdict=verdict,
        tests=tests,
        flags=flags,
        exception_type=str(exception[0]) if exception else None,
        exception_message=scrubbed(str(exception[1])) if exception else None,
        feedback=feedback(verdict, tests, next((o.why for o in outcomes if o.stop == verdict), "")),
        cpu_ms=1000 * sum(outcome.cpu_s for outcome in outcomes),
        wall_ms=1000 * sum(outcome.wall_s for outcome in outcomes),
        peak_mib=max(outcome.peak_bytes for outcome in outcomes) / (1 << 20),
        signal=next((outcome.signal for outcome in outcomes if outcome.signal), None),
        stdout_tail=last.stdout[-TAIL:].decode("utf-8", "replace"),
        stderr_tail=last.stderr[-TAIL:].decode("utf-8", "replace"),
        evidence={**(notes or {}), "processes": max(outcome.peak_processes for outcome in outcomes)},
    )
