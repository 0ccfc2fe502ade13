"""Draft a version of a dataset: its rows, the rows left out, and the facts that gates and card need. Writes nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, cast

import pyarrow as pa

from storage.catalog import Catalog
from storage.columns import TEXT, Table, column
from storage.errors import ConfigError
from storage.ids import content_id
from storage.publication import SPLITS, PublishedVersion
from storage.statements import load_statement
from storage.tables import DROPS
from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.cleaning import CleanedDataset, CleaningReport, clean, find_contaminated
from tasks.publish.examples import DroppedExample, Example
from tasks.publish.facts import ChangeRow, collect_facts, describe_types
from tasks.publish.gate_results import DraftFacts
from tasks.publish.gates import BalanceGate
from tasks.publish.settings import CleanSettings, PublishSettings

PROGRAM_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "debugging_sft": {"attempt_id": "code", "parent_attempt_id": "wrong_code"},
    "preference_correctness": {"chosen_attempt_id": "chosen_code", "rejected_attempt_id": "rejected_code"},
    "preference_efficiency": {"chosen_attempt_id": "chosen_code", "rejected_attempt_id": "rejected_code"},
    "preference_kto": {"attempt_id": "code"},
}
"""By dataset, the columns with the ids of a row's programs, and the columns with their code."""
TEXT_COLUMNS: Mapping[str, tuple[str, ...]] = {"debugging_sft": ("explanation",)}
"""Other columns that cleaning reads. The explanation keeps the two forms of one repair from being duplicates."""
_DROPPED_SCHEMA = pa.schema([("row_id", TEXT), ("problem_id", TEXT), ("reason", TEXT), ("detail", TEXT)])
_KEPT_SCHEMA = pa.schema([("example_id", TEXT), ("split", TEXT), ("family_id", TEXT)])


class CandidateRow(TypedDict):
    """A row of publish_examples.sql: a row of the dataset as cleaning reads it."""

    example_id: str
    problem_id: str
    source: str
    licence: str
    origin: str
    prompt: str
    codes: list[str]
    mined: bool


@dataclass(frozen=True)
class Draft:
    """A version that is to be published."""

    dataset: Table
    rows: pa.Table
    """In the schema of `published_schema` with the column `split`, sorted by example_id."""
    drops: pa.Table
    """The rows left out, in the schema of `drops`."""
    facts: DraftFacts
    changes: Sequence[ChangeRow]
    """Changes against the last version; empty for a first version."""
    report: CleaningReport
    content: str
    """Address of all rows with their splits, and of the schema: equal for equal versions."""
    candidates: int
    """Rows of the dataset in the lake."""

    def rows_by_split(self) -> dict[str, pa.Table]:
        """Return the rows of each split, as its file holds them."""
        schema = published_schema(self.dataset)
        rows, splits = self.rows.select(schema.names).cast(schema), self.rows.column("split").to_pylist()
        return {name: rows.filter(pa.array([split == name for split in splits], pa.bool_())) for name in SPLITS}

    def count_left_out(self) -> dict[str, int]:
        """Return the number of rows left out by reason, the most frequent reason first."""
        return dict(Counter(self.drops.column("reason").to_pylist()).most_common())


def published_schema(dataset: Table) -> pa.Schema:
    """Return the columns of the files: those of the dataset without its partition, and the family."""
    family = column("family_id", TEXT, "problems that are alike share it; no family stands in two splits")
    return pa.schema([*(field for field in dataset.schema if field.name != "bucket"), family])


def draft_version(
    catalog: Catalog,
    dataset: Table,
    settings: PublishSettings,
    benchmarks: Sequence[BenchmarkItem],
    last: PublishedVersion | None,
) -> Draft:
    """Clean a dataset and collect the facts that its gates need.

    Adds `candidates`, `ineligible`, `dropped` and `published` to the catalog; the statements of the card read them.

    Raises:
        ConfigError: a gate names a column that the dataset does not have.
    """
    _check_columns(dataset, settings)
    create_candidates(catalog, dataset)
    ineligible = catalog.arrow(load_statement("publish_ineligible"))
    catalog.register("ineligible", ineligible)
    examples = _read_examples(catalog)
    cleaned = clean(examples, settings.clean, benchmarks)
    rows = _select_rows(catalog, dataset, cleaned)
    drops = _collect_drops(catalog, dataset, [*_to_drops(ineligible), *cleaned.dropped])
    [total] = catalog.rows("select count(*) as n from candidates")
    assert rows.num_rows + drops.num_rows == total["n"], "every row is published or has a reason"
    digests = _digest_rows(catalog, "published", published_schema(dataset))
    changes = _compare(catalog, digests, last) if last else []
    contaminated_rows = _count_contaminated(examples, cleaned, settings.clean, benchmarks)
    facts = collect_facts(catalog, published_schema(dataset), settings.gates, last, changes, contaminated_rows)
    content = _content_address(dataset, digests)
    return Draft(dataset, rows, drops, facts, changes, cleaned.report, content, total["n"])


def create_candidates(catalog: Catalog, dataset: Table) -> None:
    """Create the view `candidates`: a dataset with the ids of each row's programs and the texts that cleaning reads."""
    columns = PROGRAM_COLUMNS[dataset.name]
    ids, codes = ", ".join(columns), ", ".join((*columns.values(), *TEXT_COLUMNS.get(dataset.name, ())))
    select = f"select *, [{ids}] as program_ids, [{codes}] as program_codes from {dataset.name}"  # noqa: S608 our names
    catalog.rows(f"create view candidates as {select}")


def _check_columns(dataset: Table, settings: PublishSettings) -> None:
    names = published_schema(dataset).names
    for gate in settings.gates:
        if isinstance(gate, BalanceGate) and gate.column not in names:
            raise ConfigError(
                f"gates: balance: {dataset.name} has no column {gate.column!r}; known: {', '.join(names)}",
                field="gates",
            )


def _read_examples(catalog: Catalog) -> list[Example]:
    rows = cast(Iterable[CandidateRow], catalog.rows(load_statement("publish_examples")))
    return [
        Example(
            example_id=row["example_id"],
            problem_id=row["problem_id"],
            source=row["source"],
            licence=row["licence"],
            origin=row["origin"],
            prompt=row["prompt"],
            codes=tuple(row["codes"]),
            mined=row["mined"],
        )
        for row in rows
    ]


def _to_drops(ineligible: pa.Table) -> list[DroppedExample]:
    return [
        DroppedExample(row["example_id"], row["problem_id"], row["reason"], row["detail"])
        for row in ineligible.to_pylist()
    ]


def _select_rows(catalog: Catalog, dataset: Table, cleaned: CleanedDataset) -> pa.Table:
    """Select the rows that cleaning keeps, with family and split; register them as `published`."""
    kept_rows = [
        {"example_id": row["example_id"], "split": split, "family_id": cleaned.families[row["problem_id"]]}
        for row in catalog.rows("select example_id, problem_id from candidates")
        if (split := cleaned.splits.get(row["example_id"]))
    ]
    catalog.register("kept_examples", pa.Table.from_pylist(kept_rows, schema=_KEPT_SCHEMA))
    schema = published_schema(dataset).append(pa.field("split", TEXT))
    rows = catalog.arrow(load_statement("publish_rows")).select(schema.names).cast(schema)
    catalog.register("published", rows)
    return rows


def _collect_drops(catalog: Catalog, dataset: Table, dropped: Sequence[DroppedExample]) -> pa.Table:
    """Return rows of `drops`; register the dropped examples as `dropped`."""
    rows = [asdict(example) for example in dropped]
    catalog.register("dropped", pa.Table.from_pylist(rows, schema=_DROPPED_SCHEMA))
    return catalog.arrow(load_statement("publish_drops"), stage=f"publish:{dataset.name}").cast(DROPS.schema)


def _digest_rows(catalog: Catalog, relation: str, schema: pa.Schema) -> pa.Table:
    """Return example_id, split, source and a hash of all columns, for every row of a relation."""
    packed = ", ".join(f'"{name}" := "{name}"' for name in schema.names)
    return catalog.arrow(
        f"select example_id, split, source, md5(to_json(struct_pack({packed}))::varchar) as digest "  # noqa: S608
        f"from {relation} order by example_id"
    )


def _content_address(dataset: Table, digests: pa.Table) -> str:
    rows_hash = hashlib.sha256()
    for row in digests.to_pylist():
        rows_hash.update(f"{row['example_id']} {row['split']} {row['digest']}\n".encode())
    types = describe_types(published_schema(dataset))
    return content_id("publication", schema=types, rows=rows_hash.hexdigest())


def _compare(catalog: Catalog, digests: pa.Table, last: PublishedVersion) -> list[ChangeRow]:
    """Compare the rows with those of the last version."""
    last_rows = last.read_rows()
    catalog.register("last_rows", last_rows)
    catalog.register("digests", digests)
    catalog.register("last_digests", _digest_rows(catalog, "last_rows", last_rows.drop_columns("split").schema))
    return cast(list[ChangeRow], catalog.rows(load_statement("publish_changes")))


def _count_contaminated(
    examples: Sequence[Example],
    cleaned: CleanedDataset,
    settings: CleanSettings,
    benchmarks: Sequence[BenchmarkItem],
) -> int | None:
    """Count the kept rows that are like a benchmark's task; None where no benchmark is named.

    The search is repeated among the kept rows only: a check of cleaning by its result.
    """
    if not benchmarks:
        return None
    kept_examples = [example for example in examples if example.example_id in cleaned.splits]
    overlaps = find_contaminated(kept_examples, settings, benchmarks)
    return sum(example.problem_id in overlaps for example in kept_examples)
