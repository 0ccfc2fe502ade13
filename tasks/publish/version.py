"""A version of a data set, made but not written: rows, what was left out, and what gates and card are told."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from storage.catalog import Catalog, statement
from storage.columns import TEXT, Table, column
from storage.errors import ConfigError
from storage.ids import content_id
from storage.publication import SPLITS, Version
from storage.tables import DROPS
from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.cleaning import Cleaned, clean, contaminated
from tasks.publish.examples import Example, Left
from tasks.publish.gates import BalanceGate, Changes, Facts
from tasks.publish.settings import CleanSettings, PublishSettings

PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "debugging_sft": {"attempt_id": "code", "parent_attempt_id": "wrong_code"},
    "preference_correctness": {"chosen_attempt_id": "chosen_code", "rejected_attempt_id": "rejected_code"},
    "preference_efficiency": {"chosen_attempt_id": "chosen_code", "rejected_attempt_id": "rejected_code"},
    "preference_kto": {"attempt_id": "code"},
}
"""Columns that name a row's programs, with those that hold them."""
TEXTS: Mapping[str, tuple[str, ...]] = {"debugging_sft": ("explanation",)}
"""Other columns that cleaning reads. An explanation tells the two forms of one repair apart: none is a duplicate."""
QUESTIONS = ("publish_unfit", "publish_examples", "publish_rows", "publish_changes")
MADE_BY = {
    "debugging_sft": ("debugging_sft",),
    "preference_correctness": ("preference_programs", "preference_correctness", "preference_pairs"),
    "preference_efficiency": ("preference_programs", "preference_efficiency", "preference_pairs"),
    "preference_kto": ("preference_programs", "preference_kto"),
}
"""Files of storage/sql that the stage assemble makes each data set by."""
_LEFT = pa.schema([("row_id", TEXT), ("problem_id", TEXT), ("reason", TEXT), ("detail", TEXT)])
_KEPT = pa.schema([("example_id", TEXT), ("split", TEXT), ("family_id", TEXT)])


def published_schema(table: Table) -> pa.Schema:
    """Columns of the files: the table's without its partition, and the family."""
    family = column("family_id", TEXT, "problems that are alike share it; no family stands in two splits")
    return pa.schema([*(field for field in table.schema if field.name != "bucket"), family])


@dataclass(frozen=True)
class Draft:
    """What would leave."""

    table: Table
    rows: pa.Table
    """In published_schema, with the column `split`, sorted by id."""
    drops: pa.Table
    """What was left out, in the schema of `drops`."""
    facts: Facts
    changes: Sequence[Mapping[str, Any]]
    """Rows of publish_changes.sql; empty for a first version."""
    report: Mapping[str, Any]
    """What cleaning says of itself."""
    content: str
    """Address of all rows with their splits, and of the schema: equal for equal versions."""
    candidates: int
    """Rows of the data set in the lake."""

    def splits(self) -> dict[str, pa.Table]:
        """Rows by split, as the files hold them."""
        where = self.rows.column("split").to_pylist()
        schema = published_schema(self.table)
        plain = self.rows.select(schema.names).cast(schema)
        return {split: plain.filter(pa.array([s == split for s in where], pa.bool_())) for split in SPLITS}

    def left_out(self) -> dict[str, int]:
        """Rows by reason, the most frequent first."""
        return dict(Counter(self.drops.column("reason").to_pylist()).most_common())


def draft(
    catalog: Catalog, table: Table, how: PublishSettings, benchmarks: Sequence[BenchmarkItem], last: Version | None
) -> Draft:
    """Clean a data set and count what gates ask for. Leaves `candidates`, `unfit` and `published` in the catalog.

    Raises:
        ConfigError: a gate names a column that there is none of.
    """
    _check_columns(table, how)
    offer(catalog, table)
    unfit = catalog.arrow(statement("publish_unfit"))
    catalog.register("unfit", unfit)
    examples = [Example(**{**row, "codes": tuple(row["codes"])}) for row in catalog.rows(statement("publish_examples"))]
    cleaned = clean(examples, how.clean, benchmarks)
    rows = _rows(catalog, table, cleaned)
    left = [Left(r["example_id"], r["problem_id"], r["reason"], r["detail"]) for r in unfit.to_pylist()] + cleaned.left
    catalog.register("left_out", pa.Table.from_pylist([vars(one) for one in left], schema=_LEFT))
    drops = catalog.arrow(statement("publish_drops"), stage=f"publish:{table.name}").cast(DROPS.schema)
    [total] = catalog.rows("select count(*) as n from candidates")
    assert rows.num_rows + drops.num_rows == total["n"], "cleaning lost rows without a reason"
    digests = _digests(catalog, "published", published_schema(table))
    changes = _changes(catalog, digests, last)
    held = _rows_contaminated(examples, cleaned, how.clean, benchmarks)
    facts = _facts(catalog, table, how, last, changes, held)
    return Draft(table, rows, drops, facts, changes, cleaned.report, _content(table, digests), total["n"])


def offer(catalog: Catalog, table: Table) -> None:
    """Make the view `candidates`: a data set with the ids of each row's programs, and the texts that cleaning reads."""
    names = PROGRAMS[table.name]
    ids, codes = ", ".join(names), ", ".join((*names.values(), *TEXTS.get(table.name, ())))
    view = f"select *, [{ids}] as program_ids, [{codes}] as program_codes from {table.name}"  # noqa: S608 our own names
    list(catalog.answers(f"create view candidates as {view}"))


def _check_columns(table: Table, how: PublishSettings) -> None:
    known = published_schema(table).names
    for gate in how.gates:
        if isinstance(gate, BalanceGate) and gate.column not in known:
            raise ConfigError(f"gates: balance: {table.name} has no column {gate.column!r}; known: {', '.join(known)}")


def _rows(catalog: Catalog, table: Table, cleaned: Cleaned) -> pa.Table:
    problems = catalog.rows("select example_id, problem_id from candidates")
    kept = [
        {"example_id": row["example_id"], "split": split, "family_id": cleaned.families[row["problem_id"]]}
        for row in problems if (split := cleaned.split.get(row["example_id"]))
    ]  # fmt: skip
    catalog.register("kept", pa.Table.from_pylist(kept, schema=_KEPT))
    found = catalog.arrow(statement("publish_rows"))
    schema = published_schema(table).append(pa.field("split", TEXT))
    rows = found.select(schema.names).cast(schema)
    catalog.register("published", rows)
    return rows


def _digests(catalog: Catalog, name: str, schema: pa.Schema) -> pa.Table:
    """example_id, split, source and a hash of everything else, for every row of a table."""
    packed = ", ".join(f'"{column}" := "{column}"' for column in schema.names)
    return catalog.arrow(
        f"select example_id, split, source, md5(to_json(struct_pack({packed}))::varchar) as digest "  # noqa: S608
        f"from {name} order by example_id"
    )


def _content(table: Table, digests: pa.Table) -> str:
    every = hashlib.sha256()
    for row in digests.to_pylist():
        every.update(f"{row['example_id']} {row['split']} {row['digest']}\n".encode())
    return content_id("publication", schema=_types(published_schema(table)), rows=every.hexdigest())


def _types(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def _changes(catalog: Catalog, digests: pa.Table, last: Version | None) -> list[dict[str, Any]]:
    if last is None:
        return []
    before = last.table()
    catalog.register("before", before)
    catalog.register("digests", digests)
    catalog.register("digests_before", _digests(catalog, "before", before.drop_columns("split").schema))
    return catalog.rows(statement("publish_changes"))


def _rows_contaminated(
    examples: Sequence[Example], cleaned: Cleaned, how: CleanSettings, benchmarks: Sequence[BenchmarkItem]
) -> int | None:
    """Rows that would leave and are like a benchmark's task, looked for in these alone; None: no benchmark is named."""
    if not benchmarks:
        return None
    rows = [example for example in examples if example.example_id in cleaned.split]
    found = contaminated(rows, how, benchmarks)
    return sum(row.problem_id in found for row in rows)


def _facts(
    catalog: Catalog,
    table: Table,
    how: PublishSettings,
    last: Version | None,
    changes: Sequence[Mapping[str, Any]],
    contaminated: int | None,
) -> Facts:
    [rates] = catalog.rows(statement("card_rates"))
    [torn] = catalog.rows(statement("publish_torn"))
    counts: dict[str, int] = dict.fromkeys(SPLITS, 0)
    counts |= {r["split"]: r["n"] for r in catalog.rows("select split, count(*) as n from published group by split")}
    values = {}
    for name in sorted({gate.column for gate in how.gates if isinstance(gate, BalanceGate)}):
        found = catalog.rows(f'select "{name}"::varchar as v, count(*) as n from published group by all order by v')  # noqa: S608
        values[name] = {str(row["v"]): row["n"] for row in found}
    return Facts(
        splits=counts,
        torn=torn["torn"],
        judged=rates.pop("judged"),
        rates=rates,
        schema=_types(published_schema(table)),
        values=values,
        contaminated=contaminated,
        schema_before=last.manifest["schema"] if last else None,
        changes=_summed(changes) if last else None,
    )


def _summed(changes: Sequence[Mapping[str, Any]]) -> Changes:
    now, before = Counter[str](), Counter[str]()
    for row in changes:
        now[row["source"]] += row["rows_now"]
        before[row["source"]] += row["rows_before"]
    total = {name: sum(row[name] for row in changes) for name in ("added", "removed", "changed", "moved")}
    return Changes(**total, sources=now, sources_before=before)
