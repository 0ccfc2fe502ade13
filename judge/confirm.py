"""Judge one job: choose its isolation, and believe a pass only after more runs of it and of controls.

Every run has a fresh process, and the next run another seed of hashes than the one before.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from judge.calibration import Calibration, RunIsolation
from judge.controls import Control, change_job, find_controls
from judge.feedback import write_feedback
from judge.isolation import Unreferenced, isolation_of
from judge.protocol import Evidence, Flag, Job, Judged, TestFacts, TestResult

MOST_VALIDATED = 24  # controls that a reference is tried on
Run = Callable[[Job, RunIsolation], Judged]
"""Runs a job once, whatever it takes; `infra` after several infrastructure errors."""


@dataclass(frozen=True)
class Confirmation:
    """How passes are confirmed; see SandboxSettings."""

    reruns: int = 0
    controls: int = 3
    control_all: bool = False
    unreferenced: Unreferenced = "tests"


def judge_job(job: Job, settings: Confirmation, run: Run) -> Judged:
    """Judge one program, or calibrate by it if it is the reference."""
    if job.tests.kind in ("stdio", "checker", "answers") or job.each:
        isolation = isolation_of(job, settings.unreferenced) if job.each else "separate"
        return _rerun(job, run(job, isolation), isolation, settings.reruns, run)
    if job.calibrate:
        return _calibrate(job, settings, run)
    isolation = isolation_of(job, settings.unreferenced)
    first = run(job, isolation)
    if first.verdict != "passed":
        return first
    if isolation == "native":
        return _confirm_native(job, first, settings, run)
    return _confirm_separate(job, first, settings, run)


def _rerun(job: Job, first: Judged, isolation: RunIsolation, times: int, run: Run) -> Judged:
    """Run a program again that passed; one that does not pass every time is flaky."""
    if first.verdict != "passed":
        return first
    for passes in range(1, 1 + times):
        rerun = run(job, isolation)
        if rerun.verdict == "infra":
            return rerun
        if rerun.verdict != "passed":
            evidence = {**rerun.evidence, "passes_before": passes}
            return replace(rerun, flags=(*rerun.flags, "flaky"), evidence=evidence)
    return first


def _confirm_native(job: Job, first: Judged, settings: Confirmation, run: Run) -> Judged:
    """Run controls, and the tests once more than these, in random order: a program cannot know which run it is in.

    With three controls, a program that lies in a part of its processes only passes in at most 1 % of all tries.
    """
    chosen = _draw_controls(_list_valid(job), settings.controls)
    if not chosen:  # nothing can tell whether the program is honest, so its own word counts
        marked = replace(first, flags=(*first.flags, "opaque"), evidence={**first.evidence, "controls": 0})
        return _rerun(job, marked, "native", settings.reruns, run)
    return _run_all(job, first, "native", chosen, len(chosen) + 1, run)


def _confirm_separate(job: Job, first: Judged, settings: Confirmation, run: Run) -> Judged:
    """Confirm by controls what objects of the program answered for themselves, beyond those of the reference.

    Only controls that change what such an object is shown can do so, and only a reference can tell that they are valid.
    """
    beyond = _find_beyond(job, first)
    if not beyond and not settings.control_all:
        return _rerun(job, first, "separate", settings.reruns, run)
    valid = _list_valid(job)
    chosen = [] if beyond else _draw_controls(valid, settings.controls)
    for test, words in beyond.items():
        telling = [control for control in valid if control.shown and control.test == test]
        if not telling or not settings.controls:
            return _refuse_words(first, test, words)
        chosen += _draw_controls(telling, settings.controls)
    flags: tuple[Flag, ...] = ("opaque",) if beyond else ()
    marked = replace(first, flags=(*first.flags, *flags))
    return _run_all(job, marked, "separate", chosen, settings.reruns, run)


def _run_all(
    job: Job, first: Judged, isolation: RunIsolation, chosen: Sequence[Control], repeats: int, run: Run
) -> Judged:
    """Run the tests and the controls, in random order; the program must pass the former and fail the latter."""
    rng = random.SystemRandom()
    runs: list[Control | None] = [*chosen, *[None] * repeats]
    rng.shuffle(runs)
    passes = 1
    for control in runs:
        if control is None:
            again = _rerun(job, first, isolation, 1, run)
            if again is not first:
                return replace(again, evidence={**again.evidence, "passes_before": passes}) if again.flags else again
            passes += 1
            continue
        ended = _run_control(job, first, isolation, control, run, rng)
        if ended is not None:
            return ended
    return replace(first, evidence={**first.evidence, "controls": len(chosen)})


def _run_control(
    job: Job, first: Judged, isolation: RunIsolation, control: Control, run: Run, rng: random.Random
) -> Judged | None:
    """Run one control; return the verdict if that decides it.

    A class may have equals that differ as plain values (texts in capitals, numbers that are close). So a program that
    passes with a value that another test expects must pass with a small change of its own value, too, to be a follower;
    and else passes the first again, unless it is a coin.
    """
    changed = change_job(job, control.number, rng)
    if changed is None:
        return None

    def passes(part: Job) -> bool | Judged:
        judged = run(part, isolation)
        return judged if judged.verdict == "infra" else _passes_control(judged, first, control)

    answer = passes(changed)
    if answer is not True:
        return answer or None
    other = change_job(job, control.number, rng, borrow=False)
    answer = passes(other) if other is not None and control.value else True
    if answer is not False:
        return answer if isinstance(answer, Judged) else _mark_follower(first, control)
    for _ in range(2):
        answer = passes(changed)
        if isinstance(answer, Judged):
            return answer
        if not answer:
            why = "with another expected value the program passes in some of its runs"
            return replace(_fail_test(first, control.test, why), flags=(*first.flags, "flaky"))
    return None


def _passes_control(judged: Judged, first: Judged, control: Control) -> bool:
    """Return whether a program passes the test that was changed, if only that one."""
    result = _find_result(judged, first, control)
    return judged.verdict == "passed" or (result is not None and result.verdict == "passed")


def _find_beyond(job: Job, judged: Judged) -> dict[str, tuple[str, ...]]:
    """Return by test the questions that the program's objects answered, and the reference's did not."""
    normal = job.normal.asked if job.normal else {}
    beyond = {
        test: tuple(word for word in facts.asked if word not in normal.get(test, ()))
        for test, facts in judged.facts.items()
    }
    return {test: words for test, words in beyond.items() if words}


def _list_valid(job: Job) -> list[Control]:
    """Return the controls that the reference fails; without one, those that no honest program can pass."""
    controls = find_controls(job.tests)
    if job.normal is not None and job.normal.controls is not None:
        return [control for control in controls if control.number in set(job.normal.controls)]
    return [control for control in controls if control.sure]


def _draw_controls(controls: Sequence[Control], count: int) -> list[Control]:
    """Draw controls at random, those that change a value first: of each test in turn, each once before any twice."""
    rng = random.SystemRandom()
    groups = list(_group_by_test([control for control in controls if control.value] or controls).values())
    for group in groups:
        rng.shuffle(group)
    rng.shuffle(groups)
    turns = _take_turns(groups)
    return [turns[at % len(turns)] for at in range(count)] if turns else []


def _group_by_test(controls: Sequence[Control]) -> dict[str, list[Control]]:
    groups: dict[str, list[Control]] = {}
    for control in controls:
        groups.setdefault(control.test, []).append(control)
    return groups


def _take_turns(groups: Sequence[Sequence[Control]]) -> list[Control]:
    """Return the first of each group, then the second of each, and so on."""
    longest = max(map(len, groups), default=0)
    return [group[at] for at in range(longest) for group in groups if at < len(group)]


def _find_result(judged: Judged, first: Judged, control: Control) -> TestResult | None:
    """Return the result of the control's test by its place in the run without changes; its text has changed."""
    place = next((at for at, result in enumerate(first.tests) if result.test == control.test), None)
    return None if place is None or place >= len(judged.tests) else judged.tests[place]


def _mark_follower(first: Judged, control: Control) -> Judged:
    why = "the program passes with another expected value, too: it follows what the test expects"
    failed = _fail_test(first, control.test, why)
    flags = tuple(dict.fromkeys((*first.flags, "tampered")))
    return replace(failed, flags=flags, evidence={**first.evidence, "tampered": why})


def _refuse_words(first: Judged, test: str, words: Sequence[str]) -> Judged:
    why = f"an object of the program answered for itself ({', '.join(words)}), where plain data was expected"
    return replace(_fail_test(first, test, why), flags=(*first.flags, "opaque"))


def _fail_test(first: Judged, test: str, why: str) -> Judged:
    tests = tuple(TestResult(result.test, "failed", why) if result.test == test else result for result in first.tests)
    if all(result.verdict == "passed" for result in tests):
        tests = (*tests[:-1], TestResult(tests[-1].test, "failed", why))
    return replace(first, verdict="failed", tests=tests, feedback=write_feedback("failed", tests))


def _calibrate(job: Job, settings: Confirmation, run: Run) -> Judged:
    """Judge the reference: in separate processes if it passes there, else natively; say what is normal for it.

    A native pass counts only if it can be controlled: if the reference fails at least one control.
    """
    job = replace(job, normal=None)
    if job.isolation is not None:
        return _calibrate_as(job.isolation, job, settings, run)
    separate = _calibrate_as("separate", job, settings, run)
    if separate.verdict in ("passed", "infra", "timeout", "memory", "output", "processes", "files"):
        return separate
    native = _calibrate_as("native", job, settings, run)
    return native if native.verdict in ("passed", "infra") else separate


def _calibrate_as(isolation: RunIsolation, job: Job, settings: Confirmation, run: Run) -> Judged:
    first = run(job, isolation)
    if first.verdict != "passed":
        return first
    asked = {test: facts.asked for test, facts in first.facts.items() if facts.asked}
    controls = None
    tried = find_controls(job.tests)
    if isolation == "separate" and not settings.control_all:
        tried = [control for control in tried if control.shown]
    if tried:
        numbers = [
            control.number for control in _choose_validated(tried)
            if _is_failed_by_reference(job, isolation, control, first, run)
        ]  # fmt: skip
        controls = tuple(sorted(numbers))
    if isolation == "native" and not controls:
        return _fail_test(first, first.tests[-1].test, "the tests have no control that the reference fails")
    skipped = tuple(test for test, facts in first.facts.items() if facts.skipped)
    calibration = Calibration(isolation=isolation, asked=asked, skipped=skipped, controls=controls)
    evidence: Evidence = {**first.evidence, **({} if controls is None else {"controls": len(controls)})}
    judged = _rerun(job, replace(first, evidence=evidence), isolation, settings.reruns, run)
    return replace(judged, calibration=calibration) if judged.verdict == "passed" else judged


def _choose_validated(controls: Sequence[Control]) -> list[Control]:
    """Return the controls to try on a reference: of each test the first that change a value, in turn."""
    ranked = sorted(controls, key=lambda control: not control.value)
    return _take_turns(list(_group_by_test(ranked).values()))[:MOST_VALIDATED]


def _is_failed_by_reference(job: Job, isolation: RunIsolation, control: Control, first: Judged, run: Run) -> bool:
    changed = change_job(job, control.number, random.SystemRandom())
    if changed is None:
        return False
    judged = run(changed, isolation)
    result = _find_result(judged, first, control)
    if result is None or result.verdict == "passed":
        return False
    if control.sure:
        return True
    lines = judged.facts.get(result.test, TestFacts()).lines
    return result.verdict == "failed" and (isolation == "separate" or control.line in lines)
