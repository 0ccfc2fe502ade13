"""Write the problems of sources to a lake: what it lacks, and the set of problems by its content address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.ids import bucket_of
from storage.lake import Lake, LakeSettings
from storage.plan_tables import SELECTIONS
from storage.rows import ProblemRow
from storage.tables import ATTEMPTS, DROPS, PROBLEMS
from tasks.ingest.benchmarks import check_benchmarks
from tasks.ingest.dropped import DroppedRecord
from tasks.ingest.references import Candidates, keep_reference, list_candidates
from tasks.ingest.rows import (
    DropCount,
    correctable_values,
    count_drops,
    describe_drops,
    drop_row,
    reference_row,
    selection_id,
    selection_rows,
)
from tasks.ingest.settings import Source
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem, problem_row


@dataclass(frozen=True)
class Ingested:
    """The set of problems that a run works on."""

    selection_id: str
    """Content address of the set."""
    buckets: tuple[int, ...]
    """Buckets that hold any of its problems, ascending."""
    problems: int
    """Number of problems."""
    drops: tuple[DropCount, ...]
    """Records that yielded no problem, by reason."""
    candidates: Candidates
    """Solutions of the problems that have several, of which a run takes the first that passes."""


def write_sources(settings: LakeSettings, sources: Sequence[Source], mined_ids: Sequence[str] = ()) -> Ingested:
    """Bring the lake up to date with the sources; a second call writes nothing.

    All sources are read before anything is written, so a wrong source leaves no trace. Where every record is dropped,
    the lake gets the drops, so that they can be asked for.

    Args:
        settings: the lake.
        sources: the sources of problems.
        mined_ids: ids of problems that the lake holds already and that belong to the set as well.

    Raises:
        ConfigError: a source can't be read or needs `benchmark: true`, or all of them together hold no problem.
    """
    check_benchmarks(sources)
    records = [record for source in sources for record in read_source(source)]
    lake, now = Lake(settings), datetime.now(UTC)
    by_id = {record.problem_id: record for record in records if isinstance(record, Problem)}
    dropped = [record for record in records if isinstance(record, DroppedRecord)]
    drops, counts = {row["row_id"]: row for row in (drop_row(r, lake.buckets) for r in dropped)}, count_drops(dropped)
    with Catalog(lake) as catalog:
        stored = {
            row["problem_id"]: (row["reference"], row["licence"], row["origin"])
            for row in catalog.rows("select problem_id, reference, licence, origin from problems")
        }
        stored_references = {
            row["attempt_id"] for row in catalog.rows("select attempt_id from attempts where kind = 'reference'")
        }
        stored_drops = {row["row_id"] for row in catalog.rows("select row_id from drops where stage = 'ingest'")}
        stored_selections = {row["id"] for row in catalog.rows("select distinct selection_id as id from selections")}
    new_drops = [row for key, row in drops.items() if key not in stored_drops]
    if not by_id and not mined_ids:
        lake.append(DROPS, new_drops)
        raise _no_problem(lake, counts)
    candidates = list_candidates(by_id)
    problems: dict[str, ProblemRow] = {}
    for key, problem in by_id.items():
        row = problem_row(problem, lake.buckets)
        problems[key] = keep_reference(row, stored[key][0], candidates.get(key, ())) if key in stored else row
    buckets = {problem_id: row["bucket"] for problem_id, row in problems.items()}
    buckets |= {problem_id: bucket_of(problem_id, lake.buckets) for problem_id in mined_ids}
    selection = selection_id(buckets)
    reference_rows = [reference_row(row, row["reference"], now) for row in problems.values() if row["reference"]]
    references = {row["attempt_id"]: row for row in reference_rows}
    corrected = [row for key, row in problems.items() if key in stored and stored[key] != correctable_values(row)]
    lake.append(PROBLEMS, [row for key, row in problems.items() if key not in stored])
    lake.upsert(PROBLEMS, corrected)
    lake.append(ATTEMPTS, [row for key, row in references.items() if key not in stored_references])
    lake.append(DROPS, new_drops)
    if selection not in stored_selections:  # last, in one commit: a selection that exists is complete
        lake.append(SELECTIONS, selection_rows(buckets))
    return Ingested(selection, tuple(sorted(set(buckets.values()))), len(buckets), tuple(counts), candidates)


def _no_problem(lake: Lake, counts: Sequence[DropCount]) -> ConfigError:
    """Return the error of sources without a problem: one line per reason, and how to ask for the rest."""
    if not counts:
        return ConfigError("sources: expected at least one problem, got none: they hold no rows", field="sources")
    total = sum(count["count"] for count in counts)
    lines = [
        f"sources: expected at least one problem, got none: all {total} rows were dropped",
        *describe_drops(counts),
        f'`patchmill sql --lake {lake.root} "from drops"` shows each of them; correct the source or its settings',
    ]
    return ConfigError("\n".join(lines), field="sources")
