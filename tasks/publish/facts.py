"""Collect the facts of a drafted version that its gates are checked against."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

import pyarrow as pa

from storage.catalog import Catalog
from storage.publication import SPLITS, PublishedVersion
from storage.statements import load_statement
from tasks.publish.gate_results import DraftFacts, VersionChanges
from tasks.publish.gates import AnyGate, BalanceGate


class ChangeRow(TypedDict):
    """A row of publish_changes.sql: changes of one split and source against the last version."""

    split: str
    source: str
    added: int
    removed: int
    changed: int
    moved: int
    rows_now: int
    rows_before: int


def collect_facts(
    catalog: Catalog,
    schema: pa.Schema,
    gates: Sequence[AnyGate],
    last: PublishedVersion | None,
    changes: Sequence[ChangeRow],
    contaminated_rows: int | None,
) -> DraftFacts:
    """Collect the facts of the rows in `published`.

    Args:
        catalog: with the tables `candidates` and `published`.
        schema: of the published files.
        gates: gates of the settings; they decide whose values are counted.
        last: the last version, if any.
        changes: changes against it.
        contaminated_rows: rows that are like a benchmark's task; None where none is named.
    """
    [programs] = catalog.rows(load_statement("card_rates"))
    [divided] = catalog.rows(load_statement("publish_divided_groups"))
    by_split = catalog.rows("select split, count(*) as n from published group by split")
    columns = sorted({gate.column for gate in gates if isinstance(gate, BalanceGate)})
    return DraftFacts(
        rows={**dict.fromkeys(SPLITS, 0), **{row["split"]: row["n"] for row in by_split}},
        divided_groups=divided["groups"],
        judged_programs=programs.pop("judged"),
        programs=programs,
        schema=describe_types(schema),
        values={column: _count_values(catalog, column) for column in columns},
        contaminated_rows=contaminated_rows,
        last_schema=last.manifest["schema"] if last else None,
        changes=_total_changes(changes) if last else None,
    )


def describe_types(schema: pa.Schema) -> dict[str, str]:
    """Return the type of every column, as text."""
    return {field.name: str(field.type) for field in schema}


def _count_values(catalog: Catalog, column: str) -> dict[str, int]:
    query = f'select "{column}"::varchar as value, count(*) as n from published group by all order by value'  # noqa: S608
    return {str(row["value"]): row["n"] for row in catalog.rows(query)}


def _total_changes(changes: Sequence[ChangeRow]) -> VersionChanges:
    sources, last_sources = Counter[str](), Counter[str]()
    for row in changes:
        sources[row["source"]] += row["rows_now"]
        last_sources[row["source"]] += row["rows_before"]
    return VersionChanges(
        added=sum(row["added"] for row in changes),
        removed=sum(row["removed"] for row in changes),
        changed=sum(row["changed"] for row in changes),
        moved=sum(row["moved"] for row in changes),
        sources=sources,
        last_sources=last_sources,
    )
