"""Measure programs in the sandbox, one at a time; their CPU time is read from outside."""

import random
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from judge.protocol import Answers, Job, Judged, Limits, Sandbox, Verdict
from tasks.timing.calls import LiteralCall, render_call
from tasks.timing.scale import scale_call
from tasks.timing.search import Trial, next_scale, sufficient_scale
from tasks.timing.settings import TimingSettings

EFFICIENCY = "efficiency@1"
"""Scorer of the stage timing. Raise the number when the code changes what is measured of any program, or its inputs."""
STUB = ""
"""Name of the program that does nothing; every program takes at least its time."""
STARTS = 5  # measurements whose median is the import of a program, or the stub's time for one input
CONFIRMATIONS = 3  # inputs with other values on which the slowest program must take long enough, too
HEADROOM = 4  # an input is too large where a program needs this fraction of a limit, since other values may take longer
MAX_CALL_CHARS = 1_000_000  # the judge handles longer calls, but slowly
LIMIT_VERDICTS: frozenset[Verdict] = frozenset({"timeout", "memory", "output", "processes", "files"})


@dataclass(frozen=True)
class Measurement:
    """One execution of one program."""

    verdict: Verdict
    answer: str
    """Address of what the call returned, or empty."""
    cpu_ms: float
    """Of the whole process tree, with start and import."""


@dataclass(frozen=True)
class Timing:
    """The measurement of one program in one repeat, split into its parts; see table timings."""

    attempt_id: str
    repeat: int
    measurement: Measurement
    agreed: bool
    cpu_ms: float
    """Of the call alone."""
    import_ms: float
    carry_ms: float


class ProgramTimer:
    """Times the programs of one problem; every measurement is a process of its own."""

    def __init__(
        self, sandbox: Sandbox, entry_point: str, context: str, codes: Mapping[str, str], limits: Limits
    ) -> None:
        """Take programs by name; the limits apply to each measurement."""
        self.entry_point = entry_point
        self._sandbox, self._context, self._limits = sandbox, context, limits
        self._codes = {**codes, STUB: f"def {entry_point}(*args, **kwargs): pass\n"}

    def measure_each(
        self, names: Iterable[str], call_text: str | None, seed: str, headroom: float = 1
    ) -> dict[str, Measurement]:
        """Measure each program once, in an order drawn by the seed; return the measurements by name.

        Programs run one after another, since programs that run at once disturb each other's caches.

        Args:
            names: programs to measure.
            call_text: the call, or None to load the programs only.
            seed: of the order.
            headroom: divides the limit of CPU time.
        """
        order = sorted(names)
        random.Random(seed).shuffle(order)  # noqa: S311 an order, not a secret
        tests = Answers(calls=() if call_text is None else (call_text,))
        limits = self._limits.model_copy(update={"cpu_s": self._limits.cpu_s / headroom})
        measurements = {}
        for name in order:
            job = Job(name, self._codes[name], self._context, self.entry_point, tests, limits)
            [judged] = self._sandbox.judge([job])
            measurements[name] = read_measurement(judged)
        return measurements

    def measure_imports(self, names: Iterable[str]) -> dict[str, float]:
        """Return the CPU time in ms that loading each program takes beyond loading the stub.

        Programs that fail to load even once are left out.
        """
        starts = [self.measure_each([STUB, *names], None, f"start {n}") for n in range(STARTS)]
        stub_ms = statistics.median(start[STUB].cpu_ms for start in starts)
        return {
            name: max(0.0, statistics.median(start[name].cpu_ms for start in starts) - stub_ms)
            for name in starts[0]
            if name != STUB and all(start[name].verdict == "passed" for start in starts)
        }

    def measure_carry(self, call_text: str) -> float:
        """Return the CPU time in ms that a program which does nothing takes to start and to read the call."""
        return statistics.median(self.measure_each([STUB], call_text, "")[STUB].cpu_ms for _ in range(STARTS))


def read_measurement(judged: Judged) -> Measurement:
    """Return the measurement in the verdict on one call, or on loading alone."""
    passed = judged.verdict == "passed"
    return Measurement(judged.verdict, judged.tests[0].message if passed else "", judged.cpu_ms)


def find_majority(answers: Collection[str]) -> str:
    """Return the answer that more than half of all give, or empty; empty answers count, but never win."""
    most_common = Counter(answer for answer in answers if answer).most_common(1)
    return most_common[0][0] if most_common and 2 * most_common[0][1] > len(answers) else ""


def calibrate_scale(
    timer: ProgramTimer, call: LiteralCall, seed: str, import_ms: Mapping[str, float], settings: TimingSettings
) -> tuple[float | None, list[Trial]]:
    """Search the scale of a call at which the slowest program takes `settings.least_ms` of CPU time.

    Args:
        timer: of the programs.
        call: to be made larger.
        seed: of its values.
        import_ms: of the programs that take part, by name.
        settings: bounds of the search.

    Returns:
        The scale, or None where there is none, and every trial.
    """
    trials: list[Trial] = []
    while (scale := next_scale(trials, settings.least_ms, settings.largest)) is not None:
        calls = (scale_call(call, scale, f"{seed} {scale} {n}") for n in range(CONFIRMATIONS))
        texts = (render_call(scaled, timer.entry_point) for scaled in calls)
        trials.append(Trial(scale, _time_slowest(timer, texts, import_ms, settings.least_ms)))
    return sufficient_scale(trials, settings.least_ms), trials


def _time_slowest(
    timer: ProgramTimer, call_texts: Iterator[str], import_ms: Mapping[str, float], least_ms: float
) -> float | None:
    """Return the CPU time of the slowest program that agrees with the majority: its median over the calls.

    The first call on which it is too fast ends the measurement. None where there is no majority, where a program comes
    near its limits, or where the text is too long.
    """
    times_ms: dict[str, list[float]] = {}
    slowest_ms = 0.0
    for text in call_texts:
        if len(text) > MAX_CALL_CHARS:
            return None
        measurements = timer.measure_each([STUB, *import_ms], text, text[:100], HEADROOM)
        carry_ms = measurements.pop(STUB).cpu_ms
        answer = find_majority([measurement.answer for measurement in measurements.values()])
        if not answer or any(measurement.verdict in LIMIT_VERDICTS for measurement in measurements.values()):
            return None
        for name, measurement in measurements.items():
            if measurement.answer == answer:
                times_ms.setdefault(name, []).append(measurement.cpu_ms - import_ms[name] - carry_ms)
        slowest_ms = max(map(statistics.median, times_ms.values()))
        if slowest_ms < least_ms:
            break
    return slowest_ms


def measure_repeats(
    timer: ProgramTimer,
    call: LiteralCall,
    scale: float,
    seed: str,
    import_ms: Mapping[str, float],
    repeats: Iterable[int],
) -> Iterator[list[Timing]]:
    """Measure the programs on one input, and yield the timings of each repeat.

    A program that once disagrees with the majority is not measured again. With fewer than two programs left the repeats
    end early, since nothing is left to compare.

    Args:
        timer: of the programs.
        call: before scaling.
        scale: of the input.
        seed: of the values; with the scale and the repeat it decides them.
        import_ms: of the programs that take part, by name.
        repeats: numbers of the repeats.
    """
    active = set(import_ms)
    carry_ms = None
    for repeat in repeats:
        if len(active) < 2:
            return
        text = render_call(scale_call(call, scale, f"{seed} {scale} {repeat}"), timer.entry_point)
        carry_ms = timer.measure_carry(text) if carry_ms is None else carry_ms
        measurements = timer.measure_each(active, text, f"{seed} {repeat}")
        answer = find_majority([measurement.answer for measurement in measurements.values()])
        timings = [
            Timing(
                name, repeat, measurement, bool(answer) and measurement.answer == answer,
                max(0.0, measurement.cpu_ms - import_ms[name] - carry_ms), import_ms[name], carry_ms,
            )
            for name, measurement in sorted(measurements.items())
        ]  # fmt: skip
        active -= {timing.attempt_id for timing in timings if not timing.agreed}
        yield timings
