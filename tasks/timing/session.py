"""Time the programs of one problem and compare them; everything measured is committed as it comes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from judge.factory import SandboxSettings
from judge.protocol import Sandbox
from storage.lake import Lake
from storage.rows import InputRow, TimingRow
from storage.tables import DROPS, INPUTS, SCORES, TIMINGS
from tasks.running.batches import batches
from tasks.timing.calls import LiteralCall
from tasks.timing.measure import ProgramTimer, calibrate_scale, measure_repeats
from tasks.timing.rows import (
    Comparison,
    TimingInput,
    drop_row,
    find_disagreeing,
    input_row,
    rank_timings,
    score_rows,
    timing_id,
    timing_row,
)
from tasks.timing.settings import TimingSettings

CALLS_PER_INPUT = 2  # calls tried for each input wanted: some stay too fast at every scale
DETAILS = {
    "no_literal_input": "no trusted test is one call with literals that can be made larger",
    "too_fast": "no input that can be made takes the slowest program long enough",
    "no_agreement": "most programs give no answer that most agree on",
}
"""Reason of a drop: its detail."""


@dataclass
class TimingSession:
    """The timing of one problem: what the lake holds of it, and what is measured now."""

    lake: Lake
    judge: SandboxSettings
    open_judge: Callable[[SandboxSettings], Sandbox]
    """Called when something is measured."""
    settings: TimingSettings
    comparison: Comparison
    inputs: Mapping[str, InputRow]
    """The problem's rows in the lake by input_id."""
    timings: Sequence[TimingRow]
    """The rows in the lake on these inputs."""
    rows_written: int = 0
    _timer: ProgramTimer | None = None
    _import_ms: dict[str, float] = field(default_factory=dict)

    def run(self) -> int:
        """Measure what is missing, then write scores or a drop; return how many rows were written."""
        timing_inputs, reason = self._choose_inputs()
        input_ids = {timing_input.input_id for timing_input in timing_inputs}
        repeats = self.settings.repeats
        timings = [row for row in self.timings if row["input_id"] in input_ids and row["repeat"] < repeats]
        for timing_input in timing_inputs:
            timings += self._measure_missing(timing_input, timings)
        ranking = rank_timings(timings, self.settings.confidence, self.settings.least_ratio) if timing_inputs else None
        for timing_input in timing_inputs:
            self._update_input(timing_input, timings)
        if ranking is None:
            self._write_drop(reason, DETAILS[reason])
            return self.rows_written
        if not ranking.is_separated:
            slowdown = ranking.slowdown
            ratio = f"{slowdown.ratio:.2f} ({slowdown.low:.2f} to {slowdown.high:.2f})"
            self._write_drop("not_separated", f"slowest by fastest {ratio}")
        rows = score_rows(self.comparison, ranking, timing_id(self.settings, self.judge), datetime.now(UTC))
        self.rows_written += self.lake.upsert(SCORES, rows)  # last: a problem with scores is finished
        return self.rows_written

    def _choose_inputs(self) -> tuple[list[TimingInput], str]:
        """Return the inputs to measure on, and the reason of the drop if no ranking comes of them.

        An input in the lake is taken as it is. Otherwise the scale of a call is calibrated, and the input written.
        """
        timing_inputs: list[TimingInput] = []
        reason = "no_literal_input"
        for test_id, call in self.comparison.calls[: CALLS_PER_INPUT * self.settings.inputs]:
            scale = self._held_scale(test_id, call)
            if scale is None:
                timer = self._start_timer()
                scale, trials = calibrate_scale(timer, call, test_id, self._import_ms, self.settings)
                if scale is None:
                    is_measured = any(trial.slowest_ms is not None for trial in trials)
                    reason = "too_fast" if is_measured or reason == "too_fast" else "no_agreement"
                    continue
                timing_input = TimingInput(self.comparison.input_id(call, scale), test_id, call, scale)
                row = input_row(self.comparison, timing_input, (), datetime.now(UTC))
                self.rows_written += self.lake.append(INPUTS, [row])
            timing_inputs.append(TimingInput(self.comparison.input_id(call, scale), test_id, call, scale))
            if len(timing_inputs) == self.settings.inputs:
                break
        return timing_inputs, "no_agreement" if timing_inputs else reason

    def _held_scale(self, test_id: str, call: LiteralCall) -> float | None:
        """Return the scale of the lake's input of a call, or None where it holds none."""
        scales = [row["scale"] for row in self.inputs.values() if row["test_id"] == test_id]
        return next((scale for scale in scales if self.comparison.input_id(call, scale) in self.inputs), None)

    def _measure_missing(self, timing_input: TimingInput, timings: Sequence[TimingRow]) -> list[TimingRow]:
        """Measure and commit the repeats of an input that `timings` lack; return their rows."""
        present = {row["repeat"] for row in timings if row["input_id"] == timing_input.input_id}
        missing = [repeat for repeat in range(self.settings.repeats) if repeat not in present]
        if not missing:
            return []
        repeats = self._measure(timing_input, find_disagreeing(timings), missing)
        rows: list[TimingRow] = []
        repeats_per_commit = max(1, self.lake.settings.commit_rows // len(self.comparison.codes))
        for batch in batches(repeats, repeats_per_commit, self.lake.settings.commit_s):
            new_rows = [row for repeat in batch for row in repeat]
            self.rows_written += self.lake.append(TIMINGS, new_rows)
            rows += new_rows
        return rows

    def _measure(
        self, timing_input: TimingInput, excluded: set[str], repeats: Sequence[int]
    ) -> Iterator[list[TimingRow]]:
        """Yield the rows of each repeat on an input, without the excluded programs."""
        timer = self._start_timer()
        import_ms = {name: ms for name, ms in self._import_ms.items() if name not in excluded}
        call, scale, input_id = timing_input.call, timing_input.scale, timing_input.input_id
        for timings in measure_repeats(timer, call, scale, input_id, import_ms, repeats):
            now = datetime.now(UTC)
            yield [timing_row(self.comparison, input_id, timing, now) for timing in timings]

    def _start_timer(self) -> ProgramTimer:
        """Return the timer; the first call opens the sandbox and measures every program's import."""
        if self._timer is None:
            sandbox = self.open_judge(self.judge.model_copy(update={"reruns": 0}))
            compared = self.comparison
            self._timer = ProgramTimer(
                sandbox, compared.entry_point, compared.context, compared.codes, self.settings.limits
            )
            self._import_ms = self._timer.measure_imports(compared.codes)
        return self._timer

    def _update_input(self, timing_input: TimingInput, timings: Sequence[TimingRow]) -> None:
        """Write the row of an input where its numbers of programs have changed."""
        own_timings = [row for row in timings if row["input_id"] == timing_input.input_id]
        row = input_row(self.comparison, timing_input, own_timings, datetime.now(UTC))
        held = self.inputs.get(timing_input.input_id)
        if held is None or (row["programs"], row["agreeing"]) != (held["programs"], held["agreeing"]):
            self.rows_written += self.lake.upsert(INPUTS, [row])

    def _write_drop(self, reason: str, detail: str) -> None:
        row = drop_row(self.comparison, timing_id(self.settings, self.judge), reason, detail)
        self.rows_written += self.lake.upsert(DROPS, [row])
