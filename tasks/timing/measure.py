"""The stage's effect: programs run in the sandbox one at a time, and what they cost is read from outside."""

import random
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from judge.protocol import Answers, Job, Judged, Limits, Sandbox, Verdict
from tasks.timing.calls import Call, text_of
from tasks.timing.scale import scaled
from tasks.timing.search import Trial, following, settled
from tasks.timing.settings import TimingSettings

EFFICIENCY = "efficiency@1"
"""Scorer of the stage timing. Raise the number when the code changes what is measured of any program, or its inputs."""
STUB = ""
"""Name of the program that does nothing: what it takes, every program takes."""
STARTS = 5  # runs of which the median is a program's import, and the stub's taking in of an input
CONFIRMED = 3  # laps on other values each that an input must take long enough in: one may be slow by chance
HEADROOM = 4  # an input is too much already where a program needs so much less than its limit: values vary
LONGEST = 1_000_000  # characters of a call; the judge itself handles more, but not fast
LIMITS: frozenset[Verdict] = frozenset({"timeout", "memory", "output", "processes", "files"})


@dataclass(frozen=True)
class Reading:
    """One run. `answer` is the address of what came back, or empty."""

    verdict: Verdict
    answer: str
    cpu_ms: float


def reading(judged: Judged) -> Reading:
    """What a run of one call came to."""
    passed = judged.verdict == "passed"
    return Reading(judged.verdict, judged.tests[0].message if passed else "", judged.cpu_ms)


def majority(answers: Collection[str]) -> str:
    """The answer that more than half of all give; empty where there is none."""
    counted = Counter(answer for answer in answers if answer).most_common(1)
    return counted[0][0] if counted and 2 * counted[0][1] > len(answers) else ""


class Stopwatch:
    """Programs of one problem; every run is a process of its own."""

    def __init__(
        self, sandbox: Sandbox, entry_point: str, context: str, codes: Mapping[str, str], limits: Limits
    ) -> None:
        self.entry_point = entry_point
        self._sandbox, self._context, self._limits = sandbox, context, limits
        self._codes = {**codes, STUB: f"def {entry_point}(*args, **kwargs): pass\n"}

    def lap(self, names: Iterable[str], text: str | None, seed: str, headroom: float = 1) -> dict[str, Reading]:
        """Run each once, in an order that depends on the seed; without a call they are only loaded.

        One after another: the more runs beside each other, the more they disturb each other's caches.
        """
        order = sorted(names)
        random.Random(seed).shuffle(order)  # noqa: S311 an order, not a secret
        tests = Answers(calls=() if text is None else (text,))
        limits = self._limits.model_copy(update={"cpu_s": self._limits.cpu_s / headroom})
        found = {}
        for name in order:
            (judged,) = self._sandbox.judge(
                [Job(name, self._codes[name], self._context, self.entry_point, tests, limits)]
            )
            found[name] = reading(judged)
        return found

    def import_ms(self, names: Iterable[str]) -> dict[str, float]:
        """What loading each takes beyond loading the stub; without those that don't load every time."""
        laps = [self.lap([STUB, *names], None, f"start {n}") for n in range(STARTS)]
        bare = statistics.median(lap[STUB].cpu_ms for lap in laps)
        return {
            name: max(0.0, statistics.median(lap[name].cpu_ms for lap in laps) - bare)
            for name in laps[0]
            if name != STUB and all(lap[name].verdict == "passed" for lap in laps)
        }

    def carry_ms(self, text: str) -> float:
        """What starting and taking in a call costs a program that does nothing."""
        return statistics.median(self.lap([STUB], text, "")[STUB].cpu_ms for _ in range(STARTS))


def settle(
    watch: Stopwatch, call: Call, seed: str, import_ms: Mapping[str, float], how: TimingSettings
) -> tuple[float | None, list[Trial]]:
    """The scale at which the slowest of the programs takes long enough, or None; and what was tried."""
    trials: list[Trial] = []
    while (scale := following(trials, how.least_ms, how.largest)) is not None:
        texts = (text_of(scaled(call, scale, f"{seed} {scale} {n}"), watch.entry_point) for n in range(CONFIRMED))
        trials.append(Trial(scale, _slowest_ms(watch, texts, import_ms, how.least_ms)))
    return settled(trials, how.least_ms), trials


def _slowest_ms(
    watch: Stopwatch, texts: Iterator[str], import_ms: Mapping[str, float], least_ms: float
) -> float | None:
    """CPU time of the slowest of the programs that agree, the median over laps; one lap is enough to be too fast.

    None where most don't agree, one comes near its limits, or the text is too long.
    """
    found: dict[str, list[float]] = {}
    slowest = 0.0
    for text in texts:
        if len(text) > LONGEST:
            return None
        lap = watch.lap([STUB, *import_ms], text, text[:100], HEADROOM)
        carry = lap.pop(STUB).cpu_ms
        answer = majority([reading.answer for reading in lap.values()])
        if not answer or any(reading.verdict in LIMITS for reading in lap.values()):
            return None
        for name, run in lap.items():
            if run.answer == answer:
                found.setdefault(name, []).append(run.cpu_ms - import_ms[name] - carry)
        slowest = max(map(statistics.median, found.values()))
        if slowest < least_ms:
            break
    return slowest


@dataclass(frozen=True)
class Timed:
    """One measurement: see table timings."""

    attempt_id: str
    repeat: int
    reading: Reading
    agreed: bool
    cpu_ms: float
    import_ms: float
    carry_ms: float


def repeats(
    watch: Stopwatch, call: Call, scale: float, seed: str, import_ms: Mapping[str, float], wanted: Iterable[int]
) -> Iterator[list[Timed]]:
    """Measure the programs on one input, repeat by repeat; who disagrees with the majority once is not run again.

    Ends early where fewer than two are left: there is nobody to compare with.
    """
    active = set(import_ms)
    carry_ms = None
    for repeat in wanted:
        if len(active) < 2:
            return
        text = text_of(scaled(call, scale, f"{seed} {scale} {repeat}"), watch.entry_point)
        carry_ms = watch.carry_ms(text) if carry_ms is None else carry_ms
        lap = watch.lap(active, text, f"{seed} {repeat}")
        answer = majority([reading.answer for reading in lap.values()])
        rows = [
            Timed(
                name, repeat, found, bool(answer) and found.answer == answer,
                max(0.0, found.cpu_ms - import_ms[name] - carry_ms), import_ms[name], carry_ms,
            )
            for name, found in sorted(lap.items())
        ]  # fmt: skip
        active -= {row.attempt_id for row in rows if not row.agreed}
        yield rows
