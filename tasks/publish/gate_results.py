"""Check the gates of a dataset against the facts of a version that is to be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.publish.gates import (
    Action,
    AnyGate,
    BalanceGate,
    BoundedGate,
    ContaminationGate,
    DriftGate,
    RateGate,
    RowsGate,
    SchemaGate,
)

RATES = {"infra": "infrastructure errors", "tampered": "tampered programs", "flaky": "flaky programs"}
"""Words for what a rate counts."""


@dataclass(frozen=True)
class GateResult:
    """The result of one gate, or of one limit of it."""

    gate: str
    action: Action
    ok: bool
    got: str
    expected: str

    @property
    def blocks(self) -> bool:
        """True where the result keeps the version from being published."""
        return not self.ok and self.action == "block"

    def as_table_row(self) -> dict[str, str]:
        """Return the result as a row of a table for people."""
        verdict = "passed" if self.ok else "BLOCKED" if self.blocks else "warning"
        return {"gate": self.gate, "verdict": verdict, "got": self.got, "expected": self.expected}


@dataclass(frozen=True)
class VersionChanges:
    """Counts of rows against the last version, and rows by source of both versions."""

    added: int
    removed: int
    changed: int
    moved: int
    sources: Mapping[str, int]
    last_sources: Mapping[str, int]


@dataclass(frozen=True)
class DraftFacts:
    """Facts of a version that is to be published, as gates need them."""

    rows: Mapping[str, int]
    """Rows by split."""
    divided_groups: int
    """Families and problems that stand in more than one split."""
    judged_programs: int
    """Programs judged for the dataset's problems."""
    programs: Mapping[str, int]
    """Of these, programs by infra, tampered and flaky."""
    schema: Mapping[str, str]
    """Type by column."""
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Rows by value, for every column that a balance gate names."""
    contaminated_rows: int | None = None
    """Rows that are like a benchmark's task; None where no benchmark is named."""
    last_schema: Mapping[str, str] | None = None
    """Type by column of the last version; None where there is none."""
    changes: VersionChanges | None = None
    """Changes against the last version; None where there is none."""


def check_gates(gates: Sequence[AnyGate], facts: DraftFacts) -> list[GateResult]:
    """Check every gate in its order, and then two conditions that no setting turns off."""
    rows = sum(facts.rows.values())
    return [
        *(result for gate in gates for result in _check_gate(gate, facts)),
        GateResult("families in two splits", "block", facts.divided_groups == 0, f"{facts.divided_groups}", "0"),
        GateResult("rows to publish", "block", rows > 0, f"{rows}", "at least 1"),
    ]


def _check_gate(gate: AnyGate, facts: DraftFacts) -> list[GateResult]:
    match gate:
        case RowsGate():
            return [_check_rows(gate, facts.rows)]
        case RateGate():
            return [_check_rate(gate, facts)]
        case BalanceGate():
            return _check_balance(gate, facts.values[gate.column])
        case ContaminationGate():
            return [_check_contamination(gate, facts.contaminated_rows)]
        case SchemaGate():
            return [_check_schema(gate, facts.schema, facts.last_schema)]
        case DriftGate():
            return _check_drift(gate, facts.changes)


def _check_bounds(gate: BoundedGate, name: str, number: float, note: str = "") -> GateResult:
    ok = (gate.least is None or number >= gate.least) and (gate.most is None or number <= gate.most)
    limits = [f"at least {gate.least:g}" if gate.least is not None else ""]
    limits.append(f"at most {gate.most:g}" if gate.most is not None else "")
    return GateResult(name, gate.action, ok, f"{number:g}{note}", " and ".join(filter(None, limits)))


def _check_rows(gate: RowsGate, rows: Mapping[str, int]) -> GateResult:
    if gate.split == "all":
        return _check_bounds(gate, "rows", sum(rows.values()))
    return _check_bounds(gate, f"rows of {gate.split}", rows.get(gate.split, 0))


def _check_rate(gate: RateGate, facts: DraftFacts) -> GateResult:
    count, judged = facts.programs[gate.of], facts.judged_programs
    rate = round(count / judged, 6) if judged else 0.0
    return _check_bounds(gate, f"rate of {RATES[gate.of]}", rate, f" ({count} of {judged} programs)")


def _check_balance(gate: BalanceGate, values: Mapping[str, int]) -> list[GateResult]:
    rows, results = sum(values.values()), []
    if gate.least is not None:
        rarest = min(values, key=values.__getitem__, default="")
        share = values[rarest] / rows if len(values) > 1 else 0.0
        note = f" ({rarest!r})" if values else ""
        limit = BoundedGate(action=gate.action, least=gate.least)
        results.append(_check_bounds(limit, f"rarest {gate.column}", round(share, 4), note))
    if gate.most is not None:
        commonest = max(values, key=values.__getitem__, default="")
        share = values[commonest] / rows if values else 0.0
        note = f" ({commonest!r})" if values else ""
        limit = BoundedGate(action=gate.action, most=gate.most)
        results.append(_check_bounds(limit, f"commonest {gate.column}", round(share, 4), note))
    return results


def _check_contamination(gate: ContaminationGate, rows: int | None) -> GateResult:
    if rows is None:
        return GateResult("contamination", gate.unchecked, False, "nothing compared", "clean.benchmarks named")
    return GateResult("contamination", gate.action, rows == 0, f"{rows} rows", "0 rows")


def _check_schema(gate: SchemaGate, schema: Mapping[str, str], last: Mapping[str, str] | None) -> GateResult:
    expected = "that of the last version"
    if last is None:
        return GateResult("schema", gate.action, True, "no last version", expected)
    differences = [f"{name} is new" for name in schema if name not in last]
    differences += [f"{name} is gone" for name in last if name not in schema]
    differences += [f"{name} is {schema[name]}, was {last[name]}" for name in schema if _differs(schema, last, name)]
    return GateResult("schema", gate.action, not differences, "; ".join(differences) or "the same", expected)


def _differs(schema: Mapping[str, str], last: Mapping[str, str], column: str) -> bool:
    return column in last and last[column] != schema[column]


def _check_drift(gate: DriftGate, changes: VersionChanges | None) -> list[GateResult]:
    if changes is None:
        return [GateResult("drift", gate.action, True, "no last version", "near the last version")]
    last_rows = sum(changes.last_sources.values())
    measures = {
        "removed": (gate.removed, changes.removed),
        "changed": (gate.changed, changes.changed + changes.moved),
        "added": (gate.added, changes.added),
    }
    results = []
    for name, (most, rows) in measures.items():
        if most is not None:
            limit, note = BoundedGate(action=gate.action, most=most), f" ({rows} of {last_rows} rows)"
            results.append(_check_bounds(limit, f"drift: {name}", round(rows / last_rows, 4), note))
    if gate.sources is not None:
        shift = round(_total_variation(changes.sources, changes.last_sources), 4)
        results.append(_check_bounds(BoundedGate(action=gate.action, most=gate.sources), "drift: sources", shift))
    return results


def _total_variation(counts: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Return the total variation distance of two histograms; 1 where one is empty."""
    total, other_total = sum(counts.values()), sum(other.values())
    if not total or not other_total:
        return 1.0
    names = counts.keys() | other.keys()
    return sum(abs(counts.get(name, 0) / total - other.get(name, 0) / other_total) for name in names) / 2
