"""The programs and calls that are compared for one problem, and the rows of what is measured. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from judge.factory import SandboxSettings
from storage.ids import canonical_json, content_id
from storage.pending import PendingTiming
from storage.rows import DropRow, InputRow, ScoreRow, TimingRow
from tasks.running.conditions import conditions_id
from tasks.timing.calls import LiteralCall, collect_calls, render_call
from tasks.timing.measure import EFFICIENCY, Timing
from tasks.timing.rank import RatioInterval, SpeedRanking, rank_programs
from tasks.timing.scale import can_grow, scale_call
from tasks.timing.settings import TimingSettings

EXAMPLE_CHARS = 500


@dataclass(frozen=True)
class Comparison:
    """The programs of one problem that are compared, and the calls on which they may be measured."""

    problem_id: str
    bucket: int
    matrix_id: str
    entry_point: str
    context: str
    codes: Mapping[str, str]
    """Programs by attempt_id."""
    calls: tuple[tuple[str, LiteralCall], ...]
    """Test id and call of the trusted tests that can be made larger, longest call first."""
    conditions: str
    """JSON of the judge's conditions and of the bounds of the search for a scale; part of the id of every input."""

    def input_id(self, call: LiteralCall, scale: float) -> str:
        """Return the address of an input and of the programs compared on it; when they were measured is no part."""
        return content_id(
            "input", scorer=EFFICIENCY, call=render_call(call, self.entry_point), scale=scale, under=self.conditions,
            programs=sorted(self.codes),
        )  # fmt: skip


@dataclass(frozen=True)
class TimingInput:
    """A call at a scale, on which programs are measured."""

    input_id: str
    test_id: str
    call: LiteralCall
    scale: float


def comparison_of(row: PendingTiming, judge: SandboxSettings, settings: TimingSettings) -> Comparison:
    """Return what is compared for a pending problem."""
    entry_point = row["entry_point"] or ""
    calls = collect_calls(row["trusted_tests"], entry_point) if entry_point.isidentifier() else []
    conditions = {
        "conditions": conditions_id(judge, settings.limits),
        "least_ms": settings.least_ms,
        "largest": settings.largest,
    }
    return Comparison(
        problem_id=row["problem_id"],
        bucket=row["bucket"],
        matrix_id=row["matrix_id"],
        entry_point=entry_point,
        context=row["context"],
        codes={program["attempt_id"]: program["code"] for program in row["programs"]},
        calls=tuple((test_id, call) for test_id, call in calls if can_grow(call)),
        conditions=canonical_json(conditions),
    )


def timing_id(settings: TimingSettings, judge: SandboxSettings) -> str:
    """Return the address of how programs are timed and compared; a change of it means that problems are timed anew."""
    conditions = conditions_id(judge, settings.limits)
    return content_id("time", scorer=EFFICIENCY, settings=settings.model_dump(mode="json"), conditions=conditions)


def input_row(
    comparison: Comparison, timing_input: TimingInput, timings: Collection[TimingRow], created_at: datetime
) -> InputRow:
    """Return the row of an input, with the number of programs that have timings on it."""
    first_call = scale_call(timing_input.call, timing_input.scale, f"{timing_input.input_id} {timing_input.scale} 0")
    programs = {row["attempt_id"] for row in timings}
    return {
        "input_id": timing_input.input_id,
        "problem_id": comparison.problem_id,
        "bucket": comparison.bucket,
        "test_id": timing_input.test_id,
        "scale": timing_input.scale,
        "example": render_call(first_call, comparison.entry_point)[:EXAMPLE_CHARS],
        "programs": len(programs),
        "agreeing": len(programs - find_disagreeing(timings)),
        "created_at": created_at,
    }


def timing_row(comparison: Comparison, input_id: str, timing: Timing, created_at: datetime) -> TimingRow:
    """Return the row of one measurement."""
    return {
        "attempt_id": timing.attempt_id,
        "input_id": input_id,
        "repeat": timing.repeat,
        "problem_id": comparison.problem_id,
        "bucket": comparison.bucket,
        "verdict": timing.measurement.verdict,
        "answer": timing.measurement.answer,
        "agreed": timing.agreed,
        "cpu_ms": timing.cpu_ms,
        "import_ms": timing.import_ms,
        "carry_ms": timing.carry_ms,
        "created_at": created_at,
    }


def find_disagreeing(timings: Iterable[TimingRow]) -> set[str]:
    """Return the ids of programs that at least once gave no answer, or another one than the majority."""
    return {row["attempt_id"] for row in timings if not row["agreed"]}


def rank_timings(timings: Sequence[TimingRow], confidence: float, least_ratio: float) -> SpeedRanking | None:
    """Rank the programs that agreed in every repeat on every input; None where fewer than two did.

    The order of the rows does not matter; see `rank_programs` for `confidence` and `least_ratio`.
    """
    repeats = sorted({(row["input_id"], row["repeat"]) for row in timings})
    cells = {(row["attempt_id"], row["input_id"], row["repeat"]): row for row in timings}
    agreeing = {row["attempt_id"] for row in timings} - find_disagreeing(timings)
    attempts = sorted(a for a in agreeing if all((a, *repeat) in cells for repeat in repeats))
    if len(attempts) < 2:
        return None
    times_ms = {
        input_id: np.array(
            [[cells[attempt, *repeat]["cpu_ms"] for repeat in repeats if repeat[0] == input_id] for attempt in attempts]
        )
        for input_id in sorted({input_id for input_id, _ in repeats})
    }
    import_ms = [float(np.median([cells[a, *repeat]["import_ms"] for repeat in repeats])) for a in attempts]
    return rank_programs(attempts, times_ms, import_ms, confidence, least_ratio)


def score_rows(comparison: Comparison, ranking: SpeedRanking, timing_id: str, created_at: datetime) -> list[ScoreRow]:
    """Return the scores of ranked programs.

    A score is minus the logarithm of how many times as long as the fastest program it takes. The parts of the fastest
    and the slowest name each other as a pair where the ranking separates them.
    """
    rows: list[ScoreRow] = []
    fastest, slowest = ranking.speeds[0], ranking.speeds[-1]
    for speed in ranking.speeds:
        inputs = {
            input_id: {"cpu_ms": round(speed.cpu_ms[input_id], 3), **_round_interval(interval)}
            for input_id, interval in speed.by_input.items()
        }
        parts: dict[str, object] = {
            "time_id": timing_id, "relative": round(speed.relative, 4), "import_ms": round(speed.import_ms, 3),
            "programs": len(ranking.speeds), "inputs": inputs,
        }  # fmt: skip
        if ranking.is_separated and speed in (fastest, slowest):
            partner = slowest if speed is fastest else fastest
            parts["pair"] = {
                "with": partner.attempt_id, "faster": speed is fastest, **_round_interval(ranking.slowdown),
            }  # fmt: skip
        rows.append(
            {
                "attempt_id": speed.attempt_id,
                "scorer": EFFICIENCY,
                "problem_id": comparison.problem_id,
                "bucket": comparison.bucket,
                "matrix_id": comparison.matrix_id,
                "value": 0.0 - float(np.log(speed.relative)),
                "parts": canonical_json(parts),
                "created_at": created_at,
            }
        )
    return rows


def drop_row(comparison: Comparison, timing_id: str, reason: str, detail: str) -> DropRow:
    """Return why no pair comes of a problem; it holds for this matrix under these settings."""
    return {
        "stage": "time",  # the stage's name in lakes that exist
        "row_id": f"{comparison.problem_id}@{comparison.matrix_id}@{timing_id}",
        "problem_id": comparison.problem_id,
        "bucket": comparison.bucket,
        "reason": reason,
        "detail": detail,
    }


def _round_interval(interval: RatioInterval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(interval).items()}
