"""From a problem's programs to what is measured of them, and from measurements to rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from judge.factory import SandboxSettings
from storage.ids import canonical_json, content_id
from tasks.running.conditions import conditions_id
from tasks.timing.calls import Call, distinct, text_of
from tasks.timing.measure import EFFICIENCY, Timed
from tasks.timing.rank import Ranking, ranking
from tasks.timing.scale import grows, scaled
from tasks.timing.settings import TimingSettings

SHOWN = 500
Row = dict[str, Any]


@dataclass(frozen=True)
class Contest:
    """One problem's programs, and the calls of its trusted tests that can be made larger, the largest first.

    `under` is the address of the limits in force and of how large inputs are made.
    """

    problem_id: str
    bucket: int
    matrix_id: str
    entry_point: str
    context: str
    codes: Mapping[str, str]
    calls: tuple[tuple[str, Call], ...]
    under: str

    def input_id(self, call: Call, scale: float) -> str:
        """Address of an input and of all that are compared on it: what was measured at other times is no part of it."""
        return content_id(
            "input", scorer=EFFICIENCY, call=text_of(call, self.entry_point), scale=scale, under=self.under,
            programs=sorted(self.codes),
        )  # fmt: skip

    @property
    def _shared(self) -> Row:
        return {"problem_id": self.problem_id, "bucket": self.bucket, "created_at": datetime.now(UTC)}


def contest(row: Mapping[str, Any], conditions: str, how: TimingSettings) -> Contest:
    """A row of pending_time.sql."""
    entry = row["entry_point"] or ""
    calls = distinct(row["trusted_tests"], entry) if entry.isidentifier() else []
    codes = {program["attempt_id"]: program["code"] for program in row["programs"]}
    grown = canonical_json({"conditions": conditions, "least_ms": how.least_ms, "largest": how.largest})
    return Contest(
        row["problem_id"], row["bucket"], row["matrix_id"], entry, row["context"], codes,
        tuple((test_id, call) for test_id, call in calls if grows(call)), grown,
    )  # fmt: skip


def timing_id(settings: TimingSettings, judge: SandboxSettings) -> str:
    """Return the address of how programs are timed and compared; a change of it means that problems are timed anew."""
    conditions = conditions_id(judge, settings.limits)
    return content_id("time", scorer=EFFICIENCY, settings=settings.model_dump(mode="json"), conditions=conditions)


@dataclass(frozen=True)
class Input:
    """A call at a scale, on which a contest's programs are measured."""

    input_id: str
    test_id: str
    call: Call
    scale: float


def input_row(contest: Contest, given: Input, timings: Iterable[Mapping[str, Any]] = ()) -> Row:
    """The row of table inputs; `timings` are those that are there already."""
    first = scaled(given.call, given.scale, f"{given.input_id} {given.scale} 0")
    programs = {row["attempt_id"] for row in timings}
    return {
        **contest._shared, "input_id": given.input_id, "test_id": given.test_id, "scale": given.scale,
        "example": text_of(first, contest.entry_point)[:SHOWN], "programs": len(programs),
        "agreeing": len(programs - disagreeing(timings)),
    }  # fmt: skip


def disagreeing(timings: Iterable[Mapping[str, Any]]) -> set[str]:
    """Programs that gave another answer than the majority, or none, at least once."""
    return {row["attempt_id"] for row in timings if not row["agreed"]}


def timing_row(contest: Contest, input_id: str, timed: Timed) -> Row:
    """The row of table timings."""
    return {
        **contest._shared, "attempt_id": timed.attempt_id, "input_id": input_id, "repeat": timed.repeat,
        "verdict": timed.reading.verdict, "answer": timed.reading.answer, "agreed": timed.agreed,
        "cpu_ms": timed.cpu_ms, "import_ms": timed.import_ms, "carry_ms": timed.carry_ms,
    }  # fmt: skip


def efficiency(timings: Sequence[Mapping[str, Any]], confidence: float, least_ratio: float) -> Ranking | None:
    """Rank the programs that agreed on everything; None where fewer than two did. The order of rows does not matter."""
    runs = sorted({(row["input_id"], row["repeat"]) for row in timings})
    cells = {(row["attempt_id"], row["input_id"], row["repeat"]): row for row in timings}
    everyone = {row["attempt_id"] for row in timings} - disagreeing(timings)
    attempts = sorted(attempt for attempt in everyone if all((attempt, *run) in cells for run in runs))
    if len(attempts) < 2:
        return None

    def column(attempt: str, name: str, only: str = "") -> list[float]:
        return [cells[attempt, *run][name] for run in runs if only in ("", run[0])]

    measured = {
        input_id: np.array([column(attempt, "cpu_ms", input_id) for attempt in attempts])
        for input_id in sorted({input_id for input_id, _ in runs})
    }
    import_ms = [float(np.median(column(attempt, "import_ms"))) for attempt in attempts]
    return ranking(attempts, measured, import_ms, confidence, least_ratio)


def score_rows(contest: Contest, found: Ranking, time_id: str) -> list[Row]:
    """The rows of table scores: the value is minus the logarithm of how many times as long as the fastest it takes."""
    rows, first, last = [], found.speeds[0], found.speeds[-1]
    for speed in found.speeds:
        inputs = {
            name: {"cpu_ms": round(speed.cpu_ms[name], 3), **_rounded(asdict(interval))}
            for name, interval in speed.by_input.items()
        }
        parts = {
            "time_id": time_id, "relative": round(speed.relative, 4), "import_ms": round(speed.import_ms, 3),
            "programs": len(found.speeds), "inputs": inputs,
        }  # fmt: skip
        if found.separated and speed in (first, last):
            other = last if speed is first else first
            parts["pair"] = {"with": other.attempt_id, "faster": speed is first, **_rounded(asdict(found.gap))}
        value = 0.0 - float(np.log(speed.relative))
        rows.append({
            **contest._shared, "attempt_id": speed.attempt_id, "scorer": EFFICIENCY, "matrix_id": contest.matrix_id,
            "value": value, "parts": canonical_json(parts),
        })  # fmt: skip
    return rows


def _rounded(ratio: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in ratio.items()}


def drop_row(contest: Contest, time_id: str, reason: str, detail: str) -> Row:
    """Why no pair comes of a problem; for this matrix under these settings."""
    return {
        "stage": "time", "row_id": f"{contest.problem_id}@{contest.matrix_id}@{time_id}",
        "problem_id": contest.problem_id, "bucket": contest.bucket, "reason": reason, "detail": detail,
    }  # fmt: skip
