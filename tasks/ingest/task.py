"""Stage ingest: read the sources, add what the lake lacks, and name the set of problems by its content address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.ids import bucket_of
from storage.lake import Lake, LakeSettings
from storage.plan_tables import SELECTIONS
from storage.tables import ATTEMPTS, DROPS, PROBLEMS
from tasks.ingest.dropped import DroppedRecord
from tasks.ingest.rows import (
    correctable_values,
    drop_row,
    reference_row,
    selection_id,
    selection_rows,
)
from tasks.ingest.settings import Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem, problem_row
from tasks.running.stage import stage


@dataclass(frozen=True)
class Ingested:
    """The set of problems that a run works on."""

    selection_id: str
    """Content address of the set."""
    buckets: tuple[int, ...]
    """Buckets that hold any of its problems, ascending."""
    problems: int
    """Number of problems."""
    dropped: int
    """Number of records that yielded no problem."""


@stage("ingest", "ingest")
def ingest(settings: LakeSettings, sources: Sequence[Source], mined_ids: Sequence[str] = ()) -> Ingested:
    """Bring the lake up to date with the sources; a second call writes nothing.

    All sources are read before anything is written, so a wrong source leaves no trace.

    Args:
        settings: the lake.
        sources: the sources of problems.
        mined_ids: ids of problems that the lake holds already and that belong to the set as well.

    Raises:
        ConfigError: a source can't be read, or all of them together hold no problem.
    """
    records = [record for source in sources for record in read_source(source)]
    lake, now = Lake(settings), datetime.now(UTC)
    problem_rows = [problem_row(record, lake.buckets) for record in records if isinstance(record, Problem)]
    drop_rows = [drop_row(record, lake.buckets) for record in records if isinstance(record, DroppedRecord)]
    problems = {row["problem_id"]: row for row in problem_rows}
    buckets = {problem_id: row["bucket"] for problem_id, row in problems.items()}
    buckets |= {problem_id: bucket_of(problem_id, lake.buckets) for problem_id in mined_ids}
    if not buckets:
        raise ConfigError(
            f"sources: expected at least one problem, got none ({len(drop_rows)} lines were dropped)", field="sources"
        )
    selection = selection_id(buckets)
    reference_rows = [reference_row(row, row["reference"], now) for row in problems.values() if row["reference"]]
    references = {row["attempt_id"]: row for row in reference_rows}
    drops = {row["row_id"]: row for row in drop_rows}
    with Catalog(lake) as catalog:
        stored = {
            row["problem_id"]: (row["reference"], row["licence"], row["origin"])
            for row in catalog.rows("select problem_id, reference, licence, origin from problems")
        }
        stored_references = {
            row["attempt_id"] for row in catalog.rows("select attempt_id from attempts where kind = 'reference'")
        }
        stored_drops = {row["row_id"] for row in catalog.rows("select row_id from drops where stage = 'ingest'")}
        stored_selection = catalog.rows("select 1 from selections where selection_id = $s limit 1", s=selection)
    corrected = [row for key, row in problems.items() if key in stored and stored[key] != correctable_values(row)]
    lake.append(PROBLEMS, [row for key, row in problems.items() if key not in stored])
    lake.upsert(PROBLEMS, corrected)
    lake.append(ATTEMPTS, [row for key, row in references.items() if key not in stored_references])
    lake.append(DROPS, [row for key, row in drops.items() if key not in stored_drops])
    if not stored_selection:  # last, in one commit: a selection that exists is complete
        lake.append(SELECTIONS, selection_rows(buckets))
    return Ingested(selection, tuple(sorted(set(buckets.values()))), len(buckets), len(drops))
