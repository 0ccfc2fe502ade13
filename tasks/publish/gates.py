"""What must hold of a version before it may leave: gates, and whether facts pass them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings

Action = Literal["warn", "block"]


class Gate(Settings):
    """What all gates have."""

    action: Action = "block"
    """block: the version does not leave, the last one stays, the run fails. warn: it is told, and goes on."""


class Bounded(Gate):
    """A number with limits."""

    least: float | None = None
    """Smallest value that passes; null: none."""
    most: float | None = None
    """Largest value that passes; null: none."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("expected least, most or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least:g} is more than most {self.most:g}: nothing would pass")
        return self

    def judge(self, name: str, got: float, more: str = "") -> "Outcome":
        """The outcome for one number."""
        ok = (self.least is None or got >= self.least) and (self.most is None or got <= self.most)
        parts = [f"at least {self.least:g}" if self.least is not None else ""]
        parts.append(f"at most {self.most:g}" if self.most is not None else "")
        return Outcome(name, self.action, ok, f"{got:g}{more}", " and ".join(filter(None, parts)))


class RowsGate(Bounded):
    """How many rows leave."""

    kind: Literal["rows"]
    """How many rows leave."""
    split: Literal["all", "train", "validation", "test"] = "all"
    """Count the rows of this split alone."""


class RateGate(Bounded):
    """Share of the programs judged for the data set's problems that came off so."""

    kind: Literal["rate"]
    """Of the programs judged for the data set's problems, how many came off badly."""
    of: Literal["infra", "tampered", "flaky"]
    """infra: our sandbox failed; tampered: the hack rate; flaky: the same program did not always pass."""


class BalanceGate(Bounded):
    """Share of a column's rarest value (`least`) and of its most frequent one (`most`) among the rows that leave."""

    kind: Literal["balance"]
    """How evenly a column's values are spread."""
    column: str = Field(min_length=1)
    """A column, such as label, form or source. Where it has one value alone the rarest share is 0."""


class ContaminationGate(Gate):
    """Rows that leave and are like an item of a benchmark, looked for once more after cleaning: none may."""

    kind: Literal["contamination"]
    """Whether anything that leaves is like a benchmark's item."""
    unchecked: Action = "warn"
    """What follows where clean.benchmarks names no benchmark, so that nothing was compared."""


class SchemaGate(Gate):
    """Columns and types are those of the last version."""

    kind: Literal["schema"]
    """Whether columns and types are those of the last version."""


class DriftGate(Gate):
    """How far a version may be from the last one; a first version passes."""

    kind: Literal["drift"]
    """How far it is from the last version."""
    removed: float | None = Field(None, ge=0, le=1)
    """Most rows of the last version that may be gone, as a share of it."""
    changed: float | None = Field(None, ge=0, le=1)
    """Most rows of the last version that may have changed or moved to another split, as a share of it."""
    added: float | None = Field(None, ge=0)
    """Most new rows, as a multiple of the last version's rows."""
    sources: float | None = Field(None, ge=0, le=1)
    """Most that the shares of the sources may have shifted: total variation distance, 0 same, 1 nothing in common."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if all(limit is None for limit in (self.removed, self.changed, self.added, self.sources)):
            raise ValueError("expected one of removed, changed, added, sources")
        return self


AnyGate = Annotated[
    RowsGate | RateGate | BalanceGate | ContaminationGate | SchemaGate | DriftGate, Field(discriminator="kind")
]


@dataclass(frozen=True)
class Outcome:
    """One gate, or one limit of it, against what was found."""

    gate: str
    action: Action
    ok: bool
    got: str
    expected: str

    @property
    def blocks(self) -> bool:
        return not self.ok and self.action == "block"

    def row(self) -> dict[str, Any]:
        """For tables: the verdict first."""
        told = "passed" if self.ok else "BLOCKED" if self.blocks else "warning"
        return {"gate": self.gate, "verdict": told, "got": self.got, "expected": self.expected}


@dataclass(frozen=True)
class Changes:
    """Counts of rows against the last version, and rows by source of both."""

    added: int
    removed: int
    changed: int
    moved: int
    sources: Mapping[str, int]
    sources_before: Mapping[str, int]


@dataclass(frozen=True)
class Facts:
    """What gates are asked about; all counted by SQL but `contaminated`, which cleaning counts."""

    splits: Mapping[str, int]
    """Rows by split."""
    torn: int
    """Families and problems that stand in more than one split."""
    judged: int
    rates: Mapping[str, int]
    """Programs by infra, tampered, flaky; of `judged`."""
    schema: Mapping[str, str]
    """Type by column."""
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Rows by value, for every column that a balance gate names."""
    contaminated: int | None = None
    """Rows that would leave and are like a benchmark's item; None where no benchmark was given."""
    schema_before: Mapping[str, str] | None = None
    """The last version's; None where there is none."""
    changes: Changes | None = None
    """None where there is no last version."""


def judge(gates: Sequence[AnyGate], facts: Facts) -> list[Outcome]:
    """Every gate against the facts, in their order, and two that no setting turns off."""
    rows = sum(facts.splits.values())
    found = [outcome for gate in gates for outcome in _judged(gate, facts)]
    found.append(Outcome("families in two splits", "block", facts.torn == 0, f"{facts.torn}", "0"))
    found.append(Outcome("rows that may leave", "block", rows > 0, f"{rows}", "at least 1"))
    return found


def _judged(gate: AnyGate, facts: Facts) -> list[Outcome]:
    match gate:
        case RowsGate():
            name = "rows" if gate.split == "all" else f"rows of {gate.split}"
            rows = facts.splits if gate.split == "all" else {gate.split: facts.splits.get(gate.split, 0)}
            return [gate.judge(name, sum(rows.values()))]
        case RateGate():
            count = facts.rates[gate.of]
            share = count / facts.judged if facts.judged else 0.0
            return [gate.judge(f"rate of {gate.of}", round(share, 6), f" ({count} of {facts.judged} programs)")]
        case BalanceGate():
            return _balance(gate, facts.values[gate.column])
        case ContaminationGate() if facts.contaminated is None:
            return [Outcome("contamination", gate.unchecked, False, "nothing compared", "clean.benchmarks named")]
        case ContaminationGate():
            got = facts.contaminated or 0
            return [Outcome("contamination", gate.action, got == 0, f"{got} rows", "0 rows")]
        case SchemaGate():
            return [_schema(gate, facts)]
        case DriftGate():
            return _drift(gate, facts.changes)


def _balance(gate: BalanceGate, values: Mapping[str, int]) -> list[Outcome]:
    rows, found = sum(values.values()), []
    rarest, commonest = min(values, key=values.__getitem__, default=""), max(values, key=values.__getitem__, default="")
    if gate.least is not None:
        share = values[rarest] / rows if len(values) > 1 else 0.0
        one = gate.model_copy(update={"most": None})
        found.append(one.judge(f"rarest {gate.column}", round(share, 4), f" ({rarest!r})" if values else ""))
    if gate.most is not None:
        share = values[commonest] / rows if values else 0.0
        one = gate.model_copy(update={"least": None})
        found.append(one.judge(f"commonest {gate.column}", round(share, 4), f" ({commonest!r})" if values else ""))
    return found


def _schema(gate: SchemaGate, facts: Facts) -> Outcome:
    now, before = facts.schema, facts.schema_before
    if before is None:
        return Outcome("schema", gate.action, True, "no last version", "that of the last version")
    other = [f"{name} is new" for name in now if name not in before]
    other += [f"{name} is gone" for name in before if name not in now]
    other += [f"{name} is {now[name]}, was {before[name]}" for name in now if before.get(name, now[name]) != now[name]]
    return Outcome("schema", gate.action, not other, "; ".join(other) or "the same", "that of the last version")


def _drift(gate: DriftGate, changes: Changes | None) -> list[Outcome]:
    if changes is None:
        return [Outcome("drift", gate.action, True, "no last version", "near the last version")]
    before = sum(changes.sources_before.values())
    told = f" ({{}} of {before} rows)"
    measured = {
        "removed": (gate.removed, changes.removed),
        "changed": (gate.changed, changes.changed + changes.moved),
        "added": (gate.added, changes.added),
    }
    found = [
        Bounded(action=gate.action, most=limit).judge(f"drift: {name}", round(n / before, 4), told.format(n))
        for name, (limit, n) in measured.items() if limit is not None
    ]  # fmt: skip
    if gate.sources is not None:
        shifted = Bounded(action=gate.action, most=gate.sources)
        found.append(shifted.judge("drift: sources", round(_distance(changes.sources, changes.sources_before), 4)))
    return found


def _distance(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Total variation distance of two histograms; 1 where one is empty."""
    rows, rows_before = sum(now.values()), sum(before.values())
    if not rows or not rows_before:
        return 1.0
    names = now.keys() | before.keys()
    return sum(abs(now.get(name, 0) / rows - before.get(name, 0) / rows_before) for name in names) / 2


def as_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Outcomes for a manifest."""
    return [asdict(outcome) for outcome in outcomes]
