"""Stage time: the programs of a bucket's problems that pass every trusted test are raced against each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.lake import Lake
from storage.pending import PendingTiming
from storage.tables import DROPS, INPUTS, SCORES, TIMINGS
from tasks.running import progress
from tasks.running.batches import batches
from tasks.running.conditions import conditions_id
from tasks.running.effects import sandbox_for
from tasks.running.order import Order
from tasks.running.pending import pending_rows
from tasks.running.stage import stage
from tasks.timing.measure import Stopwatch, repeats, settle
from tasks.timing.rows import (
    Contest,
    Input,
    Row,
    contest,
    disagreeing,
    drop_row,
    efficiency,
    input_row,
    score_rows,
    timing_id,
    timing_row,
)
from tasks.timing.settings import TimingSettings

TRIED = 2  # times as many calls as are wanted: some are too small, whatever their scale
WHY = {
    "no_literal_input": "no trusted test is one call with literals that can be made larger",
    "too_fast": "no input that can be made takes the slowest program long enough",
    "no_agreement": "most programs give no answer that most agree on",
}


@stage("timing", "timing-b{order.bucket:03d}")
def timing(order: Order[TimingSettings, SandboxSettings]) -> int:
    """Measure the problems of a bucket that have not been, as they are now; returns how many rows were written.

    Whole repeats are committed, so that a run that was killed goes on at the next; scores come last, and say that a
    problem is done.
    """
    lake = Lake(order.lake)
    with Catalog(lake, bucket=order.bucket) as catalog:
        pending = pending_rows(catalog, order.plan_id, PendingTiming)
        mine = {"problems": [row["problem_id"] for row in pending]}
        held = {
            table.name: catalog.rows(f"select * from {table.name} where list_contains($problems, problem_id)", **mine)  # noqa: S608
            for table in (INPUTS, TIMINGS)
        }
    progress.expect("timing", len(pending))
    written = 0
    under = conditions_id(order.effect, order.settings.limits)
    for row in pending:
        one = contest(row, under, order.settings)
        inputs = {r["input_id"]: r for r in held["inputs"] if r["problem_id"] == one.problem_id}
        timings = [r for r in held["timings"] if r["input_id"] in inputs]
        written += _Race(order, lake, one, inputs, timings).run()
        progress.advance("timing", 1)
    return written


@dataclass
class _Race:
    """One problem: what the lake holds of it, and what is added."""

    order: Order[TimingSettings, SandboxSettings]
    lake: Lake
    contest: Contest
    inputs: Mapping[str, Mapping[str, Any]]
    timings: Sequence[Mapping[str, Any]]
    written: int = 0
    import_ms: dict[str, float] = field(default_factory=dict)
    _watch: Stopwatch | None = None

    def run(self) -> int:
        chosen, why = self._chosen()
        known = {one.input_id for one in chosen}
        rows = [r for r in self.timings if r["input_id"] in known and r["repeat"] < self.order.settings.repeats]
        for one in chosen:
            rows += self._measured(one, rows)
        found = efficiency(rows, self.order.settings.confidence, self.order.settings.least_ratio) if chosen else None
        for one in chosen:
            counted = input_row(self.contest, one, [r for r in rows if r["input_id"] == one.input_id])
            if any(counted[name] != self.inputs.get(one.input_id, {}).get(name) for name in ("programs", "agreeing")):
                self.written += self.lake.upsert(INPUTS, [counted])
        if found is None:
            return self._dropped(why, WHY[why])
        if not found.separated:
            gap = found.gap
            self._dropped("not_separated", f"slowest by fastest {gap.ratio:.2f} ({gap.low:.2f} to {gap.high:.2f})")
        self.written += self.lake.upsert(
            SCORES, score_rows(self.contest, found, timing_id(self.order.settings, self.order.effect))
        )
        return self.written

    def _dropped(self, reason: str, detail: str) -> int:
        self.written += self.lake.upsert(
            DROPS, [drop_row(self.contest, timing_id(self.order.settings, self.order.effect), reason, detail)]
        )
        return self.written

    def _started(self) -> Stopwatch:
        """The stopwatch, and each program's import; only where there is something to run."""
        if self._watch is None:
            sandbox = sandbox_for(self.order.effect.model_copy(update={"reruns": 0, "shared": False}))
            c = self.contest
            self._watch = Stopwatch(sandbox, c.entry_point, c.context, c.codes, self.order.settings.limits)
            self.import_ms = self._watch.import_ms(c.codes)
        return self._watch

    def _chosen(self) -> tuple[list[Input], str]:
        """The inputs to measure on, and why there are none, if there are none."""
        how, chosen, why = self.order.settings, list[Input](), "no_literal_input"
        for test_id, call in self.contest.calls[: TRIED * how.inputs]:
            scales = [row["scale"] for row in self.inputs.values() if row["test_id"] == test_id]
            scale = next((s for s in scales if self.contest.input_id(call, s) in self.inputs), None)
            if scale is None:
                scale, trials = settle(self._started(), call, test_id, self.import_ms, how)
                if scale is None:
                    fine = any(trial.slowest_ms is not None for trial in trials)
                    why = "too_fast" if fine or why == "too_fast" else "no_agreement"
                    continue
                one = Input(self.contest.input_id(call, scale), test_id, call, scale)
                self.written += self.lake.append(INPUTS, [input_row(self.contest, one)])
            chosen.append(Input(self.contest.input_id(call, scale), test_id, call, scale))
            if len(chosen) == how.inputs:
                break
        return chosen, "no_agreement" if chosen else why

    def _measured(self, one: Input, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run and commit the repeats of an input that are missing."""
        present = {row["repeat"] for row in rows if row["input_id"] == one.input_id}
        missing = [repeat for repeat in range(self.order.settings.repeats) if repeat not in present]
        if not missing:
            return []
        watch, out = self._started(), disagreeing(rows)
        import_ms = {name: ms for name, ms in self.import_ms.items() if name not in out}
        laps = repeats(watch, one.call, one.scale, one.input_id, import_ms, missing)
        added: list[Row] = []
        write = self.lake.settings
        for batch in batches(
            self._rows(one, laps), max(1, write.commit_rows // len(self.contest.codes)), write.commit_s
        ):
            self.written += self.lake.append(TIMINGS, [row for lap in batch for row in lap])
            added += [row for lap in batch for row in lap]
        return added

    def _rows(self, one: Input, laps: Iterator[list[Any]]) -> Iterator[list[Row]]:
        for lap in laps:
            yield [timing_row(self.contest, one.input_id, timed) for timed in lap]
