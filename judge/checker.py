"""Judge a program by a checker: code of the problem that says whether an output or a result is right.

The program ends first. Then the checker is called in a fresh process of its own, with limits of its own. A checker
that raises, exceeds them or returns no bool is a fault of the problem: the verdict is `infra` with the flag `checker`,
whatever the program did.
"""

import json
from collections.abc import Callable
from dataclasses import replace

from judge import plan, verdicts
from judge.feedback import write_feedback
from judge.outcome import Outcome
from judge.problems import Checker
from judge.protocol import Job, Judged, Limits, TestResult
from judge.stdio import run_cases

LIMITS = Limits(cpu_s=10, wall_s=60, memory_mib=1024)
"""What one process of a checker may use."""
BATCH_BYTES = 8 << 20
"""Output that is kept for the checker, before a process takes it."""
CheckedCase = dict[str, object]
"""What the checker is given of one case; see CheckedCase in inside/payload.py."""


def judge_checker(job: Job, tests: Checker, run: Callable[..., Outcome]) -> Judged | str:
    """Run a program on every case, and the checker on what came of it; return a verdict or an infrastructure error."""
    checks = _Checks(tests, run)
    if tests.calls:
        outcome = run(plan.program_payload(job), job.limits, plan.tests_payload(job))
        if reason := verdicts.find_infra(outcome):
            return reason
        judged = verdicts.judge_tested(job, plan.expected_tests(job), outcome)
        _add_calls(checks, tests, judged, outcome)
    else:
        inputs = [case.input or "" for case in tests.cases]

        def collect(number: int, ended: Outcome) -> None:
            output = ended.stdout.decode("utf-8", "replace")
            shown = f"the output {_quote(output)}, for input {_quote(inputs[number])}"
            checks.add(number, {"input": inputs[number], "output": output}, shown, len(inputs[number]) + len(output))

        judged = run_cases(job, inputs, run, lambda number: None, collect)
    return _decide(judged, checks.finish())


def _add_calls(checks: "_Checks", tests: Checker, judged: Judged, outcome: Outcome) -> None:
    records = {record["test"]: record for record in outcome.records if "value" in record}
    cases = tests.model_dump(mode="json")["cases"]
    for number, (case, result) in enumerate(zip(cases, judged.tests, strict=True)):
        record = records.get(result.test)
        if result.verdict == "passed" and record is not None:
            value = {"args": case.get("args", []), "kwargs": case.get("kwargs", {}), "value": record["value"]}
            checks.add(number, value, result.message, len(record["value"]))


class _Checks:
    """The cases that the checker has still to answer, and its answers."""

    def __init__(self, tests: Checker, run: Callable[..., Outcome]) -> None:
        self._code, self._run = tests.code, run
        self._waiting: dict[int, tuple[CheckedCase, str]] = {}
        self._bytes = 0
        self._results: dict[int, tuple[bool | str, str]] = {}

    def add(self, number: int, case: CheckedCase, shown: str, size: int) -> None:
        """Take what came of a case; `shown` is that in words, at most some hundred characters."""
        self._waiting[number] = case, shown
        self._bytes += size
        if self._bytes > BATCH_BYTES:
            self._check()

    def finish(self) -> dict[int, tuple[bool | str, str]]:
        """Return by number of the case the checker's answer, or what is wrong with the checker; and the words."""
        if self._waiting:
            self._check()
        return self._results

    def _check(self) -> None:
        cases = [case for case, _ in self._waiting.values()]
        program = {"code": self._code, "context": "", "main": True, "checker": True}
        outcome = self._run(program, LIMITS, None, json.dumps(cases).encode())
        ended = f"took too much: {outcome.why}" if outcome.stop else f"gave no answer: {outcome.ending}"
        answers: dict[int, bool | str] = dict(map(json.loads, outcome.stdout.splitlines()))
        for at, (number, (_, shown)) in enumerate(self._waiting.items()):
            self._results[number] = answers.get(at, ended), shown
        self._waiting, self._bytes = {}, 0


def _decide(judged: Judged, answers: dict[int, tuple[bool | str, str]]) -> Judged:
    """Return the verdict with the checker's answers: a fault of it outweighs everything found of the program."""
    unseen = False, "what was not seen"
    tests = tuple(
        _decide_case(result, *answers.get(number, unseen)) if result.verdict == "passed" else result
        for number, result in enumerate(judged.tests)
    )
    fault = next((test.message for test in tests if test.verdict == "infra"), "")
    if fault:
        feedback = write_feedback("infra", tests)
        judged = replace(judged, flags=(*judged.flags, "checker"), evidence={**judged.evidence, "why": fault})
        return replace(judged, verdict="infra", tests=tests, feedback=feedback)
    if judged.verdict == "passed" and any(test.verdict == "failed" for test in tests):
        judged = replace(judged, verdict="failed", feedback=write_feedback("failed", tests))
    return replace(judged, tests=tests)


def _decide_case(result: TestResult, answer: bool | str, shown: str) -> TestResult:
    if isinstance(answer, str):
        reason = f"the problem's checker {answer}; this says nothing about the program ({shown})"
        return TestResult(result.test, "infra", reason)
    if not answer:
        return TestResult(result.test, "failed", f"the problem's checker refuses {shown}")
    return TestResult(result.test, "passed")


def _quote(text: str) -> str:
    return repr(text if len(text) <= 300 else text[:297] + "...")
