"""Stage ingest: read the sources, write what the lake does not hold yet, and name the set by its address."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.ids import bucket_of
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, DROPS, PROBLEMS, SELECTIONS
from tasks.ingest.dropped import Dropped
from tasks.ingest.rows import drop_row, problem_row, reference_row, selection_id
from tasks.ingest.settings import Source
from tasks.ingest.sources import read
from tasks.reading.problem import Problem
from tasks.running.stage import stage

_MENDABLE = ("reference", "licence", "origin")  # columns that are no part of a problem's id


@dataclass(frozen=True)
class Ingested:
    """What a run works on: the address of the set, the buckets it touches, and how much was read."""

    selection_id: str
    buckets: tuple[int, ...]
    problems: int
    dropped: int


@stage("ingest", "ingest")
def ingest(settings: LakeSettings, sources: Sequence[Source], made: Sequence[str] = ()) -> Ingested:
    """Bring the lake up to date with the sources; a second call writes nothing.

    Everything is read before anything is written, so a wrong source leaves no trace.

    Args:
        made: ids of problems that are in the lake already and belong to the set, too.

    Raises:
        ConfigError: a source can't be read, or all of them together hold no problem.
    """
    found = [row for source in sources for row in read(source)]
    drops = [row for row in found if isinstance(row, Dropped)]
    lake = Lake(settings)
    problems = {
        row["problem_id"]: row for p in found if isinstance(p, Problem) for row in [problem_row(p, lake.buckets)]
    }
    buckets = {i: p["bucket"] for i, p in problems.items()} | {i: bucket_of(i, lake.buckets) for i in made}
    if not buckets:
        raise ConfigError(f"sources: expected at least one problem, got none ({len(drops)} lines were dropped)")
    selection = selection_id(buckets)
    references = {row["attempt_id"]: row for p in problems.values() if p["reference"] for row in [reference_row(p)]}
    dropped = {row["row_id"]: row for d in drops for row in [drop_row(d, lake.buckets)]}
    with Catalog(lake) as catalog:
        held = {r["problem_id"]: r for r in catalog.rows("select problem_id, reference, licence, origin from problems")}
        judged = {r["attempt_id"] for r in catalog.rows("select attempt_id from attempts where kind = 'reference'")}
        known = {r["row_id"] for r in catalog.rows("select row_id from drops where stage = 'ingest'")}
        chosen = catalog.rows("select 1 from selections where selection_id = $s limit 1", s=selection)
    changed = [p for i, p in problems.items() if i in held and any(p[c] != held[i][c] for c in _MENDABLE)]
    lake.append(PROBLEMS, [p for i, p in problems.items() if i not in held])
    lake.upsert(PROBLEMS, changed)
    lake.append(ATTEMPTS, [row for i, row in references.items() if i not in judged])
    lake.append(DROPS, [row for i, row in dropped.items() if i not in known])
    if not chosen:  # last, in one commit: a selection that exists is complete
        rows = [{"selection_id": selection, "problem_id": i, "bucket": bucket} for i, bucket in buckets.items()]
        lake.append(SELECTIONS, rows)
    return Ingested(selection, tuple(sorted(set(buckets.values()))), len(buckets), len(dropped))
